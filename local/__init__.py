"""The whole gateway on one machine: an embedded AWS, the real `sam deploy` onto it, and a simulator of OpenMarket."""
