"""The vendor's JSON under the vendor's names. Any member but the id and the status may be null or absent."""

from msgspec import Struct


class Ticket(Struct, frozen=True, kw_only=True):
    """`status` is a text, so that a new one is no error; so are times, in RFC 3339."""

    id: str
    status: str
    subject: str | None = None
    holder: str | None = None
    team: str | None = None
    opened: str | None = None
    due: str | None = None
    closed: str | None = None


class Tickets(Struct, frozen=True):
    """One page; `next` is where the following one begins."""

    tickets: tuple[Ticket, ...]
    next: str | None = None


class Account(Struct, frozen=True):
    """The account that the token belongs to."""

    login: str


class Refusal(Struct, frozen=True):
    """The body of an error."""

    code: str
