"""OpenMarket's receiving side, simulated: a strict reader of MT messages that misbehaves on request."""
