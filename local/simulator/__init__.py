"""OpenMarket, simulated: it sends callbacks as the documents print them, and comes again until it is told 200."""
