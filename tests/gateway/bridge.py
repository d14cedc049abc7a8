"""LittleHorse's stand-in, which behaves as a real bridge did, behind a gateway without HTTP."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from connectors.littlehorse import LittlehorseConnector, LittlehorseSettings
from connectors.sdk.caller import TASK_ADMIN, Caller, Identity
from connectors.sdk.model import TaskRef
from connectors.sdk.query import SortKey, TaskOrderField
from gateway.composition import compose
from gateway.federation.cache import Cache
from gateway.federation.lists import CursorCodec
from gateway.federation.sources import Source, flight_context
from gateway.federation.traffic import CallContext, in_context
from gateway.people.book import BookOfPeople
from gateway.shared.memory import memory_state
from gateway.store.sqlite import SqliteJournal
from sandbox.littlehorse import LittlehorseStandIn
from sandbox.littlehorse.directory import CLIENT_ID, user_called
from sandbox.littlehorse.records import TaskRun
from schema.ports import (
    InboxScope,
    TaskList,
    TaskListRequest,
    WriteRequest,
    WriteResult,
)
from tests.gateway.kept_audit import KeptAudit
from tests.world import short_pause

KEY = "littlehorse"


class LosingTransport(httpx2.AsyncBaseTransport):
    """Loses the answers to writes whose path ends with `lost`. The bridge has carried them out.

    With `meanwhile` they do not arrive, and that happens instead.
    """

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self.lost = ""
        self.meanwhile: Callable[[], object] | None = None
        self.writes: list[str] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET" or "/realms/" in request.url.path:
            return await self._inner.handle_async_request(request)
        self.writes.append(request.url.path.rpartition("/")[2])
        is_lost = self.lost and request.url.path.endswith(self.lost)
        if is_lost and self.meanwhile is not None:
            self.meanwhile()
        else:
            answer = await self._inner.handle_async_request(request)
            if not is_lost:
                return answer
            await answer.aclose()
        raise httpx2.ReadTimeout("lost", request=request)


class Bridge:
    """`stand_in` behind a gateway without HTTP."""

    def __init__(self, acts_as: str = "service", *, has_account: bool = True, **settings: Any) -> None:
        self.stand_in = LittlehorseStandIn()
        self.stand_in.reset(tasks=40, seed=7, now=None, scenario=None)
        # httpx2 and Starlette type ASGI applications differently.
        app: Any = self.stand_in
        config = self.stand_in.source_config("http://bridge.test") | {"acts_as": acts_as, **settings}
        if acts_as == "viewer":
            config["audience"] = CLIENT_ID
        if not has_account:
            del config["credentials"]
        parsed = LittlehorseSettings.model_validate(config)
        self.transport = LosingTransport(httpx2.ASGITransport(app=app))
        connector = LittlehorseConnector.open(parsed, transport=self.transport)
        self.audit = KeptAudit()
        shared = memory_state()
        self.source = Source(connector, rate_limits=shared.rate_limits)
        self.answers = Cache(
            max_bytes=1 << 24,
            max_entries=1000,
            log=shared.invalidations,
            flight_context=flight_context({KEY: parsed.deadline}),
        )
        self.gateway = compose(
            [self.source],
            people=BookOfPeople(),
            journal=SqliteJournal(None),
            answers=self.answers,
            cursors=CursorCodec(b"a test"),
            leases=shared.leases,
            pause=short_pause,
            audit=self.audit,
        )

    def caller(self, person: str) -> Caller:
        user = user_called(person)
        roles = frozenset({TASK_ADMIN}) if person == "carol" else frozenset()
        identity = Identity(native_id=user.email or "", groups=user.groups)
        return Caller(key=person, name=person, groups=user.groups, roles=roles, identities={KEY: identity})

    def as_(self, person: str, **token: Any) -> Any:
        context = CallContext(caller=self.caller(person), token=self.stand_in.token(person, **token))
        return in_context(context)

    async def inbox(self, person: str, scope: InboxScope = InboxScope.MINE, **token: Any) -> TaskList:
        request = TaskListRequest(scope=scope, order=(SortKey(TaskOrderField.CREATED_AT),), first=200)
        with self.as_(person, **token):
            return await self.gateway.list_tasks(self.caller(person), request)

    async def task(self, person: str, ref: TaskRef) -> object:
        with self.as_(person):
            return (await self.gateway.get_tasks(self.caller(person), [ref])).get(ref)

    async def write(self, person: str, ref: TaskRef, intent: Any) -> WriteResult:
        with self.as_(person):
            return await self.gateway.perform(self.caller(person), WriteRequest(target=ref, intent=intent))

    def one(self, **wanted: Any) -> TaskRun:
        return next(
            task
            for task in self.stand_in.bridge.kernel.all()
            if all(getattr(task, name) == value for name, value in wanted.items())
        )


def ref_of(task: TaskRun) -> TaskRef:
    return TaskRef(KEY, ":".join(task.key))


INVOICE = {"status": "UNASSIGNED", "group": "accounting", "definition": "approve-invoice"}


@asynccontextmanager
async def opened(*arguments: Any, **settings: Any) -> AsyncIterator[Bridge]:
    bridge = Bridge(*arguments, **settings)
    try:
        yield bridge
    finally:
        await bridge.answers.aclose()
        await bridge.source.aclose()
