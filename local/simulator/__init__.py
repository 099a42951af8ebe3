"""OpenMarket, simulated: it sends callbacks until it is told 200, and takes messages strictly, or as badly as asked."""
