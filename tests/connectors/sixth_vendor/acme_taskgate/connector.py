"""Acme Desk as a source: the two reads that every vendor has, a ping, and three verbs."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from connectors.sdk import (
    Claim,
    Clock,
    Complete,
    Connector,
    ConnectorError,
    Outcome,
    Page,
    Release,
    Task,
    TaskQuery,
    Transport,
    Upstream,
    ValidationFailedError,
    from_settings,
    get_each,
    handles,
    utc_now,
)

from . import mapping, wire
from .client import AcmeClient, parse_error
from .settings import AcmeSettings


class AcmeConnector(Connector[AcmeSettings]):
    """Lists by id and knows one filter, so the gateway reads all pages, filters and sorts."""

    vendor: ClassVar[str] = "acme"
    title: ClassVar[str] = "Acme Desk"
    settings_type = AcmeSettings
    page_limit = 100

    def __init__(self, settings: AcmeSettings, upstream: Upstream, *, clock: Clock = utc_now) -> None:
        super().__init__(settings, upstream, clock=clock)
        self._client = AcmeClient(upstream)

    @classmethod
    def open(
        cls, settings: AcmeSettings, *, transport: Transport | None = None, clock: Clock = utc_now
    ) -> "AcmeConnector":
        credentials = from_settings(settings.credentials)
        upstream = Upstream(settings, credentials=credentials, parse_error=parse_error, transport=transport)
        return cls(settings, upstream, clock=clock)

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return mapping.pushed_down(query)

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        closed = None if query.states is None else query.states == mapping.CLOSED
        page = await self._client.tickets(closed=closed, limit=min(limit, self.page_limit), after=after)
        return Page(items=[self._task(ticket) for ticket in page.tickets], next_cursor=page.next)

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        """One call for each id."""

        async def get(native_id: str) -> Task:
            return self._task(await self._client.ticket(native_id))

        return await get_each(filter(self.is_native_id, ids), get)

    async def ping(self) -> None:
        await self._client.account()

    def is_native_id(self, native_id: str) -> bool:
        return mapping.is_native_id(native_id)

    @handles(Claim, guarded=True, note="take")
    async def claim(self, command: Claim) -> Outcome:
        return self._outcome(await self._client.take(command.task.native_id, command.require_actor().native_id))

    @handles(Release, guarded=True, note="drop")
    async def release(self, command: Release) -> Outcome:
        return self._outcome(await self._client.drop(command.task.native_id, command.require_actor().native_id))

    @handles(Complete, guarded=True, note="close, with a note")
    async def complete(self, command: Complete) -> Outcome:
        """The desk has neither outcomes nor form data."""
        for name, given in (("outcome", command.outcome), ("data", command.data)):
            if given:
                raise ValidationFailedError(f"{self.title} takes no {name}", field=(name,))
        return self._outcome(
            await self._client.close(command.task.native_id, command.require_actor().native_id, command.comment)
        )

    def _outcome(self, ticket: wire.Ticket) -> Outcome:
        return Outcome(task=self._task(ticket))

    def _task(self, ticket: wire.Ticket) -> Task:
        return mapping.task_from_wire(ticket, self.source, fetched_at=self.clock())
