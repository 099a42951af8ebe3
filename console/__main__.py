"""The `mms` command."""

import sys

from console.command import app
from console.output import aside


def main() -> None:
    """Run the command; what can't be done is said in a sentence on stderr, with exit status 1."""
    try:
        app(prog_name="mms")
    except Exception as error:
        from console.problems import in_words  # noqa: PLC0415 - it knows AWS's errors, which take long to import

        sentence = in_words(error)
        if sentence is None:
            raise
        aside.print(sentence, style="red", markup=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
