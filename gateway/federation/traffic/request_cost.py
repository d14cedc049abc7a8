"""What a GraphQL operation, or one part of it, cost upstream."""

from msgspec import Struct

# Seconds. A shorter wait counts as none: the clock goes on while code runs.
MIN_WAIT = 0.001


class ToldCost(Struct, frozen=True, kw_only=True):
    """What a person may know of a `RequestCost`."""

    requests: int
    sent: int
    waits: int
    waited_seconds: float
    retries: int
    refusals: int


class RequestCost:
    """Counters. All are about upstream requests; a request is counted by every `RequestCost` of its call context.

    They count every request. `told` is what may be shown to a person: without the requests that were made apart, whose
    number depends on other people's tasks, and with as many of them as `tell` says.

    `requests`: begun, whether or not a connection was made; those to a token's issuer too
    `sent`: sent to the source itself
    `waits`, `waited_seconds`: that waited for admission, and for how long together
    `retries`: reads that were sent again
    `refusals`: refused by admission control
    `writes`: writes that got a permit; `was_write_cut_off_waiting`: one was cut off before it got one, so it was not sent
    """

    __slots__ = (
        "refusals",
        "told_apart",
        "requests",
        "retries",
        "sent",
        "untold",
        "waited_seconds",
        "waits",
        "was_write_cut_off_waiting",
        "writes",
    )

    def __init__(self) -> None:
        self.requests = 0
        self.sent = 0
        self.waits = 0
        self.waited_seconds = 0.0
        self.retries = 0
        self.refusals = 0
        self.writes = 0
        self.was_write_cut_off_waiting = False
        # The requests that were made apart, and how many of them are told.
        self.untold: RequestCost | None = None
        self.told_apart = 0

    def apart(self) -> "RequestCost":
        """Counts, beside this one, requests that are not told."""
        if self.untold is None:
            self.untold = RequestCost()
        return self.untold

    def tell(self, requests: int) -> None:
        """So many of the requests made apart are told."""
        self.told_apart += requests

    @property
    def told(self) -> ToldCost:
        untold = self.untold or RequestCost()
        return ToldCost(
            requests=self.requests - untold.requests + self.told_apart,
            sent=self.sent - untold.sent + self.told_apart,
            waits=self.waits - untold.waits,
            waited_seconds=self.waited_seconds - untold.waited_seconds,
            retries=self.retries - untold.retries,
            refusals=self.refusals - untold.refusals,
        )

    def count_request(self) -> None:
        self.requests += 1

    def add_wait(self, seconds: float) -> None:
        if seconds > MIN_WAIT:
            self.waits += 1
            self.waited_seconds += seconds
