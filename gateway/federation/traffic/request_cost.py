"""What a GraphQL operation, or one part of it, cost upstream."""

# Seconds. A shorter wait counts as none: the clock goes on while code runs.
MIN_WAIT = 0.001


class RequestCost:
    """Counters. All are about upstream requests; a request is counted by every `RequestCost` of its call context.

    `requests`: begun, whether or not a connection was made; those to a token's issuer too
    `sent`: sent to the source itself
    `waits`, `waited_seconds`: that waited for admission, and for how long together
    `retries`: reads that were sent again
    `refusals`: refused by admission control
    `writers`: with whose credentials writes were sent: "account", "person"
    `writes`: writes that got a permit; `was_write_cut_off_waiting`: one was cut off before it got one, so it was not sent

    `told` is what may be shown to a person: without requests whose number depends on tasks that the person may not see
    (`CallContext.counted_apart_by`).
    """

    __slots__ = (
        "_told",
        "is_told",
        "refusals",
        "requests",
        "retries",
        "sent",
        "waited_seconds",
        "waits",
        "was_write_cut_off_waiting",
        "writers",
        "writes",
    )

    def __init__(self, *, is_told: bool = False) -> None:
        """`is_told`: it is the `told` of another one."""
        self._told: RequestCost | None = None
        self.is_told = is_told
        self.requests = 0
        self.sent = 0
        self.waits = 0
        self.waited_seconds = 0.0
        self.retries = 0
        self.refusals = 0
        self.writes = 0
        self.writers: set[str] = set()
        self.was_write_cut_off_waiting = False

    @property
    def told(self) -> "RequestCost":
        if self._told is None:
            self._told = RequestCost(is_told=True)
        return self._told

    def count_request(self) -> None:
        self.requests += 1

    def note_writer(self, *, is_person: bool) -> None:
        self.writers.add("person" if is_person else "account")

    def add_wait(self, seconds: float) -> None:
        if seconds > MIN_WAIT:
            self.waits += 1
            self.waited_seconds += seconds

    def add(self, cost: "RequestCost") -> None:
        """The requests of a part."""
        self.requests += cost.requests
        self.sent += cost.sent
        self.waits += cost.waits
        self.waited_seconds += cost.waited_seconds
        self.retries += cost.retries
        self.refusals += cost.refusals
