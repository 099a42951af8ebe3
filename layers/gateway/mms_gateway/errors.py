"""What can go wrong; the class of an error says what to do next."""


class GatewayError(Exception):
    """Every error of ours; its text is one plain sentence, without anything secret or personal."""


class Unauthorized(GatewayError):
    """Who calls did not prove who they are: answer 401, write nothing."""


class MalformedJson(GatewayError):
    """Not JSON, or JSON that can be read in two ways; who asked for it knows what to do."""


class MalformedCallback(GatewayError):
    """The callback can't be read: keep it in quarantine with this reason (printable ASCII), answer 200."""


class TruncatedCallback(MalformedCallback):
    """The callback was cut short: keep it like a malformed one, but ask for it again the first time."""


class StorageUnavailable(GatewayError):
    """A store is down, slow, throttled or not ours to use: let the callback or the queue message come again."""


class SecretUnavailable(StorageUnavailable):
    """The secret can't be read, or is not what it should be: come again, and call for a person."""


class StorageRefused(GatewayError):
    """A store will never take this: quarantine the callback, for trying again can't help."""


class Undeliverable(GatewayError):
    """A queue message without a usable requestId: to the dead-letter queue with it, nothing can be recorded."""


class MissingObject(GatewayError):
    """An S3 object that is not there: the message that names it can never be sent."""


class NotDone(GatewayError):
    """A record of a batch is not acknowledged: the queue brings it again."""
