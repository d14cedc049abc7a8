"""A vendor's stand-in behind a gateway, with a transport that interrupts single writes."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2

from connectors.sdk.caller import Caller, Identity
from connectors.sdk.clock import utc_now
from connectors.sdk.commands import Assign
from connectors.sdk.connector import Connector
from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import OPEN_STATES, Task, TaskRef
from connectors.sdk.query import TaskQuery
from connectors.sdk.registry import connector_types
from connectors.sdk.testing import drain, read
from gateway.federation.service import FederatedSources
from gateway.store.sqlite import SqliteJournal
from sandbox.people import DEMO_PEOPLE
from sandbox.registry import stand_ins
from schema.ports import Intent, WriteRequest, WriteResult
from tests.gateway.federation.memory_source import federation

BASE_URL = "http://vendor.test"

# In the forms of UiPath, Camunda and GEOtareas at once.
REFUSAL = b'{"message": "No.", "errorCode": 1000, "type": "about:blank", "title": "INVALID_STATE", "status": 400}'

# What happens to a write. After "after" and "503 after" it is applied.
NOT_APPLIED = ("503", "500", "page", "before")
APPLIED = ("after", "503 after")


class Crash(BaseException):
    """The process ends."""


class InterruptedTransport(httpx2.AsyncBaseTransport):
    """Interrupts requests whose "METHOD path" matches, one for each fault planted. Keeps the writes that arrived."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self._planted: list[tuple[re.Pattern[str], str]] = []
        self._late: list[httpx2.Request] = []
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    def plant(self, what: str, *faults: str) -> None:
        self._planted += [(re.compile(what), fault) for fault in faults]

    async def deliver_late(self) -> list[int]:
        """The requests cut by "late" arrive now. Their statuses."""
        late, self._late = self._late, []
        return [(await self._inner.handle_async_request(request)).status_code for request in late]

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        called = f"{request.method} {request.url.path}"
        hit = next((one for one in self._planted if one[0].fullmatch(called)), None)
        if hit is None:
            return await self._inner.handle_async_request(request)
        self._planted.remove(hit)
        fault = hit[1]
        if fault == "none" or fault.endswith("after"):
            answer = await self._inner.handle_async_request(request)
            if fault == "none":
                return answer
        if fault == "late ones first":
            await self.deliver_late()
            return await self._inner.handle_async_request(request)
        if fault == "first" and self.meanwhile is not None:
            await self.meanwhile()
            return await self._inner.handle_async_request(request)
        if fault == "hang":
            await anyio.sleep(60)
        if fault.startswith("kill"):
            raise Crash
        if fault == "meanwhile" and self.meanwhile is not None:
            await self.meanwhile()
        if fault == "late":
            self._late.append(request)
        if fault == "page":
            return _response(200, {"Content-Type": "text/html"}, b"<html>Sign in</html>")
        if fault == "429":
            return _response(429, {"Retry-After": "0"}, b"")
        if fault == "refused":
            return _response(400, {"Content-Type": "application/json"}, REFUSAL)
        if fault[:3].isdigit():
            return _response(int(fault[:3]), {}, b"")
        raise httpx2.ReadError("cut", request=request)


def _response(status: int, headers: dict[str, str], body: bytes) -> httpx2.Response:
    return httpx2.Response(status, headers=headers, stream=httpx2.ByteStream(body))


class VendorWorld:
    """One vendor's stand-in, and gateways in front of it."""

    def __init__(self, vendor: str, journal: SqliteJournal | None = None, **settings: Any) -> None:
        self.vendor = vendor
        self.stand_in = stand_ins()[vendor]()
        self.stand_in.reset(tasks=60, seed=7, now=None, scenario=None)
        app: Any = self.stand_in
        self.transport = InterruptedTransport(httpx2.ASGITransport(app=app))
        kind: type[Connector[Any]] = connector_types()[vendor]
        config = kind.settings_type.model_validate(self.stand_in.source_config(BASE_URL))
        self._beside = kind.open(config, transport=httpx2.ASGITransport(app=app))
        self.people = {each.key: self._caller(each.key, each.name, each.groups, each.roles) for each in DEMO_PEOPLE}
        self.journal = journal or SqliteJournal(None)
        self._settings = settings
        self.sources = self.gateway()

    def gateway(self) -> FederatedSources:
        """A gateway with this journal, as after a restart."""
        kind: type[Connector[Any]] = connector_types()[self.vendor]
        config = self.stand_in.source_config(BASE_URL) | self._settings
        self.connector = kind.open(kind.settings_type.model_validate(config), transport=self.transport)
        self.sources = federation(self.connector, people=list(self.people.values()), journal=self.journal, now=utc_now)
        return self.sources

    def _caller(self, key: str, name: str, groups: tuple[str, ...], roles: tuple[str, ...]) -> Caller:
        person = self.stand_in.identities()[key]
        identity = Identity(
            native_id=person["id"],
            username=person.get("username"),
            email=person.get("email"),
            groups=tuple(person.get("groups", ())),
        )
        return Caller(key=key, name=name, groups=groups, roles=frozenset(roles), identities={self.vendor: identity})

    def native(self, person: str) -> str:
        return self.people[person].identities[self.vendor].native_id

    async def write(self, person: str, ref: TaskRef, intent: Intent, key: str | None = None) -> WriteResult:
        request = WriteRequest(target=ref, intent=intent, idempotency_key=key)
        return await self.sources.perform(self.people[person], request)

    async def assign(self, task: Task, person: str) -> None:
        """At the vendor, by another person."""
        now = await self.shown(task.ref)
        await self._beside.perform(Assign(task=now, user_id=self.native(person), override=True))

    async def open_tasks(self) -> list[Task]:
        """As the vendor shows them."""
        query = self._beside.pushdown(TaskQuery(states=OPEN_STATES))
        return await drain(self._beside, query, limit=self._beside.page_limit)

    async def shown(self, ref: TaskRef) -> Task:
        """As the vendor shows it."""
        return await read(self._beside, ref.native_id)

    async def seen(self, person: str, ref: TaskRef) -> Task | None:
        """As the gateway shows it to a person."""
        found = (await self.sources.get_tasks(self.people[person], [ref], fresh=True)).get(ref)
        assert not isinstance(found, ConnectorError)
        return found

    @property
    def undos(self) -> int:
        """How many steps may have to be undone, by the journal."""
        (number,) = self.journal._db.execute("SELECT count(*) FROM undo").fetchone()
        return int(number)

    @property
    def effects(self) -> list[str]:
        return [each.action for each in self.stand_in.effects.all()]


@asynccontextmanager
async def started(world: VendorWorld) -> AsyncIterator[VendorWorld]:
    """With what runs in the background."""
    await world.sources.start()
    try:
        yield world
    finally:
        await world.sources.stop()


async def until(is_so: Callable[[], bool]) -> None:
    """TimeoutError after twenty seconds."""
    with anyio.fail_after(20):
        while True:
            if is_so():
                return
            await anyio.sleep(0.02)
