"""An MMS gateway for OpenMarket: callbacks in, messages out, each recorded exactly once."""
