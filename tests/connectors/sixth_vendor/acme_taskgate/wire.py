"""The vendor's JSON under the vendor's names. Any member but the id and the status may be null or absent."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Raw, Struct

# RFC 3339; a time without an offset does not fit.
Moment = Annotated[datetime, Meta(tz=True)]


class Ticket(Struct, frozen=True, kw_only=True):
    """`status` is a plain text: a new one is no error."""

    id: str
    status: str
    subject: str | None = None
    holder: str | None = None
    team: str | None = None
    opened: Moment | None = None
    due: Moment | None = None
    closed: Moment | None = None


class Tickets(Struct, frozen=True):
    """One page, as the bytes of each ticket; `next` is where the following one begins."""

    tickets: tuple[Raw, ...]
    next: str | None = None


class Account(Struct, frozen=True):
    """Whom the desk takes a token for."""

    login: str


class Refusal(Struct, frozen=True):
    """The body of an error."""

    code: str
