"""The accepted differences between stand-in and engine, with reasons."""

from msgspec import Struct


class Accepted(Struct, frozen=True, kw_only=True):
    """`label` is the label of the request, `what` the member of its answer. `reason` is for people."""

    label: str
    what: str
    reason: str


ACCEPTED: tuple[Accepted, ...] = ()
