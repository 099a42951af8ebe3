"""Prints what local.dashboard.drawing draws; `make dashboard` puts the two together."""

from local.dashboard.observed import observed

if __name__ == "__main__":
    print(observed().for_the_picture())
