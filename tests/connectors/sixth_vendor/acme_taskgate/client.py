"""One method a call, and what the vendor's refusals mean."""

from connectors.sdk import (
    JSON_OK,
    AlreadyAssignedError,
    Answer,
    ConflictError,
    ConnectorError,
    Decoded,
    MalformedResponseError,
    Upstream,
    decode_record,
)

from . import wire

TICKET = "/tickets/{}"

REFUSALS: dict[str, tuple[type[ConflictError], str]] = {
    "taken": (AlreadyAssignedError, "another person has the ticket"),
    "not_holder": (ConflictError, "only the holder may do that"),
    "closed": (ConflictError, "the ticket is closed"),
}


class AcmeClient:
    """The documented operations."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def account(self) -> wire.Account:
        return (await self._upstream.read("GET", "/me")).decode(wire.Account)

    async def tickets(self, *, closed: bool | None, limit: int, after: str | None) -> wire.Tickets:
        """`closed` None: both. At most 100 a page."""
        params: dict[str, str | int] = {"limit": limit}
        if closed is not None:
            params["closed"] = "true" if closed else "false"
        if after is not None:
            params["after"] = after
        return (await self._upstream.read("GET", "/tickets", params=params)).decode(wire.Tickets)

    async def ticket(self, ticket_id: str) -> Decoded[wire.Ticket]:
        """As far as the ticket can be read."""
        found = decode_record((await self._upstream.read("GET", TICKET, ticket_id)).body, wire.Ticket)
        if found.record is not None and found.record.id != ticket_id:
            raise MalformedResponseError("answered about another ticket")
        return found

    async def take(self, ticket_id: str, by: str) -> wire.Ticket:
        return await self._act("take", ticket_id, {"by": by})

    async def drop(self, ticket_id: str, by: str) -> wire.Ticket:
        return await self._act("drop", ticket_id, {"by": by})

    async def close(self, ticket_id: str, by: str, note: str | None) -> wire.Ticket:
        return await self._act("close", ticket_id, {"by": by} if note is None else {"by": by, "note": note})

    async def _act(self, verb: str, ticket_id: str, body: dict[str, str]) -> wire.Ticket:
        return _same(
            await self._upstream.write("POST", f"{TICKET}/{verb}", ticket_id, success=JSON_OK, json=body), ticket_id
        )


def parse_error(answer: Answer) -> ConnectorError | None:
    """The error behind a refusal; None leaves it to the status. Texts of the vendor are not repeated."""
    refusal = answer.try_decode(wire.Refusal)
    if answer.status != 409 or refusal is None or refusal.code not in REFUSALS:
        return None
    kind, message = REFUSALS[refusal.code]
    return kind(message, native_status=answer.status, native_code=refusal.code)


def _same(answer: Answer, ticket_id: str) -> wire.Ticket:
    ticket = answer.decode(wire.Ticket)
    if ticket.id != ticket_id:
        raise MalformedResponseError("answered about another ticket", maybe_applied=answer.is_write)
    return ticket
