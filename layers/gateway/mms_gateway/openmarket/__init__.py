"""OpenMarket's wire format: bytes to messages and back, without I/O, clock or environment."""
