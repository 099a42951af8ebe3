"""How long a message is tried: until its window ends or its notAfter has passed."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mms_gateway.outbound import SendError, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """The times that bound one delivery of a message."""

    enqueued_at: datetime
    not_after: datetime | None
    window: timedelta

    def ends(self, standing: Standing | None, now: datetime) -> datetime:
        """Until when it may be tried."""
        since = self.enqueued_at
        if standing is not None and standing.resend:
            # A person wants it sent, and enqueued it for that; an older copy may come as well.
            if standing.attention_since is not None and self.enqueued_at <= standing.attention_since:
                since = now
        elif standing is not None and standing.tried_since is not None:
            since = standing.tried_since
        window_ends = since + self.window
        return window_ends if self.not_after is None else min(window_ends, self.not_after)

    def too_late(self, standing: Standing | None, now: datetime) -> SendError | None:
        """Why it is given up, with the last error; None while there is time."""
        ends = self.ends(standing, now)
        if now <= ends:
            return None
        if ends == self.not_after:
            words = "gave up: its notAfter has passed"
        else:
            words = f"gave up: it could not be sent within {_in_words(self.window)}"
        if standing is None or standing.error is None:
            return SendError(description=words)
        return replace(standing.error, description=f"{words}; {standing.error.description}")

    def within_reach(self, wait: float, standing: Standing | None, now: datetime) -> float:
        """A wait in seconds that does not go far beyond the moment at which it would be given up."""
        return min(wait, max((self.ends(standing, now) - now).total_seconds(), 0.0) + 1)


def _in_words(time: timedelta) -> str:
    hours, minutes = time / timedelta(hours=1), time / timedelta(minutes=1)
    return f"{minutes:g} minutes" if hours < 1 else f"{hours:g} hour{'s' if hours > 1 else ''}"
