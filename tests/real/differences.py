"""What stays different between stand-in and engine, each with its reason; the connector's README has the same table."""

from msgspec import Struct


class Accepted(Struct, frozen=True, kw_only=True):
    """`label` is the request's, `what` the member of its answer; reasons are for people."""

    label: str
    what: str
    reason: str


ACCEPTED: tuple[Accepted, ...] = ()
