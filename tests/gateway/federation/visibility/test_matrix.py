"""Who sees which task, by every way, in every vendor's stand-in: person, role, source, relation and way.

The expected relation is computed here, from the record that a task admin reads. What the gateway shows is compared with it.
"""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, cast

import anyio
import httpx2
import pytest
from msgspec import structs

from connectors.sdk.caller import TASK_ADMIN, Caller, Identity
from connectors.sdk.errors import InputError
from connectors.sdk.model import DetailAspect, FlowRef, Task, TaskRef, TaskState
from connectors.sdk.query import SortKey, TaskOrderField
from connectors.sdk.registry import connector_types
from gateway.federation.cache import Cache
from gateway.federation.service import FederatedSources
from gateway.federation.sources import Source, flight_context
from gateway.federation.traffic import CallContext, RequestCost, in_context
from gateway.shared.memory import memory_state
from sandbox.people import ALL_PEOPLE
from sandbox.registry import stand_ins
from schema.api import build_schema
from schema.core.context import Context
from schema.core.relay import global_id
from schema.execution import Execution
from schema.ports import (
    BulkRequest,
    ClaimIntent,
    CommentIntent,
    CompleteIntent,
    InboxScope,
    PageRequest,
    PersonId,
    StatsRequest,
    TaskFilter,
    TaskIntent,
    TaskListRequest,
    WriteRequest,
)
from tests.gateway.federation.memory_source import federation

pytestmark = pytest.mark.slow

TASKS = 12
PEOPLE = ("alice", "carol", "grace", "stranger")
WRITES: tuple[TaskIntent, ...] = (ClaimIntent(), CompleteIntent(outcome=None, data=None), CommentIntent(text="a word"))
NODE = """query ($id: ID!) { node(id: $id) { ... on Task {
  title state comments { nodes { text } } data permittedActions { action allowed } lastWrite { action } flow { id }
} } }"""
EXECUTION = Execution(build_schema())


class Vendor:
    """One stand-in behind the gateway, without HTTP. `people` have the identities that the stand-in gives them."""

    def __init__(self, vendor: str) -> None:
        self.stand_in = stand_ins()[vendor]()
        self.stand_in.set_up()
        self.stand_in.reset(tasks=TASKS, seed=7, now=None, scenario=None)
        # httpx2 and Starlette type ASGI applications differently.
        app: Any = self.stand_in
        config = self.stand_in.source_config(f"http://{vendor}.test")
        kind = connector_types()[vendor]
        settings = kind.settings_type.model_validate(config)
        self.connector = cast(Any, kind).open(settings, transport=httpx2.ASGITransport(app=app))
        self.key = self.connector.source
        self.people = {key: self._person(key) for key in PEOPLE}
        state = memory_state()
        self.source = Source(self.connector, rate_limits=state.rate_limits)
        self.answers = Cache(
            max_bytes=1 << 24,
            max_entries=5000,
            log=state.invalidations,
            flight_context=flight_context({self.key: 30.0}),
        )
        self.gateway: FederatedSources = federation(
            self.connector, people=list(self.people.values()), answers=self.answers
        )

    def _person(self, key: str) -> Caller:
        found = next((one for one in ALL_PEOPLE if one.key == key), None)
        known = self.stand_in.identities().get(key)
        identity = (
            None
            if known is None
            else Identity(
                native_id=known["id"],
                username=known.get("username"),
                email=known.get("email"),
                groups=tuple(known.get("groups", ())),
            )
        )
        return Caller(
            key=key,
            name=key.title(),
            groups=() if found is None else found.groups,
            roles=frozenset({TASK_ADMIN}) if found is not None and TASK_ADMIN in found.roles else frozenset(),
            identities={} if identity is None else {self.key: identity},
        )

    def relation(self, person: Caller, task: Task) -> str:
        """As the design says it, without the gateway's rule."""
        me = person.identity(self.key)
        if person.is_task_admin:
            return "admin"
        if me is None:
            return "none"
        if me.native_id in {user.native_id for user in task.assignees}:
            return "owner"
        if me.native_id in {user.native_id for user in task.candidate_users or ()}:
            return "candidate"
        names = {name.casefold() for name in me.groups}
        if any(
            group.native_id in me.groups or (group.name or "\0").casefold() in names
            for group in task.candidate_groups or ()
        ):
            return "in a candidate group"
        is_free = task.state is TaskState.READY and not task.candidate_users and not task.candidate_groups
        if is_free and self.connector.info.open_to_everyone:
            access = self.connector.info.access
            if access is None or access[str(task.access_key)].holds(me):
                return "may claim"
        return "none"


@asynccontextmanager
async def opened(vendor: str) -> AsyncIterator[Vendor]:
    one = Vendor(vendor)
    try:
        if one.connector.info.access is not None:
            await one.connector.look_at_access()
        yield one
    finally:
        await one.answers.aclose()
        await one.gateway.stop()
        await one.connector.aclose()


def as_person(person: Caller) -> CallContext:
    return CallContext(caller=person).counted_by(RequestCost()).with_deadline(60)


async def listed(one: Vendor, person: Caller, **request: Any) -> tuple[list[Task], int | None]:
    """All pages."""
    tasks: list[Task] = []
    after, total = None, None
    while True:
        page = await one.gateway.list_tasks(
            person,
            TaskListRequest(order=(SortKey(TaskOrderField.CREATED_AT),), first=50, after=after, **request),
        )
        total = page.total if total is None else total
        tasks += [edge.task for edge in page.edges]
        if not page.has_next_page:
            return tasks, total
        after = page.edges[-1].cursor()


def ids_of(tasks: Iterable[Task]) -> set[str]:
    return {task.native_id for task in tasks}


@pytest.mark.parametrize("vendor", list(stand_ins()))
async def test_each_way_shows_the_same_tasks_and_no_others(vendor: str) -> None:
    async with opened(vendor) as one:
        admin = one.people["carol"]
        with in_context(as_person(admin)):
            everything, _ = await listed(one, admin)
        seen: dict[str, set[str]] = {}
        for key, person in one.people.items():
            expected = {task.native_id for task in everything if one.relation(person, task) != "none"}
            with in_context(as_person(person)):
                await _check_reads(one, person, everything, expected)
            seen[key] = expected
        assert seen["carol"] == ids_of(everything)
        assert not seen["stranger"]
        assert seen["alice"], "alice sees nothing of this vendor: the matrix proves nothing"
        assert ids_of(everything) - seen["alice"], "alice sees everything of this vendor"


async def _check_reads(one: Vendor, person: Caller, everything: list[Task], expected: set[str]) -> None:
    shown, total = await listed(one, person)
    stats = await one.gateway.task_stats(person, StatsRequest())
    refs = [task.ref for task in everything]
    nodes = await one.gateway.get_tasks(person, refs)
    single = {ref for ref in refs[:4] if isinstance((await one.gateway.get_tasks(person, [ref])).get(ref), Task)}
    details = await one.gateway.get_details(person, dict.fromkeys(refs, frozenset({DetailAspect.COMMENTS})))

    assert ids_of(shown) == expected, person.key
    assert (total, stats.total) == (len(expected), len(expected)), person.key
    assert {ref.native_id for ref, task in nodes.items() if isinstance(task, Task)} == expected
    assert {ref.native_id for ref in single} == expected & {ref.native_id for ref in refs[:4]}
    assert {ref.native_id for ref in details} <= expected
    for scope in (InboxScope.MINE, InboxScope.CLAIMABLE, InboxScope.MY_GROUPS, InboxScope.MINE_OR_CLAIMABLE):
        assert ids_of((await listed(one, person, scope=scope))[0]) <= expected
    await _check_filters(one, person, everything, expected)


async def _check_filters(one: Vendor, person: Caller, everything: list[Task], expected: set[str]) -> None:
    """Tasks of a flow, and of another person."""
    for flow in sorted({task.flow_id for task in everything if task.flow_id is not None})[:2]:
        of_flow = {task.native_id for task in everything if task.flow_id == flow}
        ref = FlowRef(one.key, flow)
        assert ids_of((await listed(one, person, filter=TaskFilter(flows=frozenset({ref}))))[0]) == of_flow & expected
        if not of_flow & expected:
            assert await one.gateway.get_visible_flow(person, ref) is None
    for owner in sorted({user.native_id for task in everything for user in task.assignees})[:3]:
        owned = {task.native_id for task in everything if owner in {user.native_id for user in task.assignees}}
        user = PersonId(ref=structs.replace(everything[0].ref, native_id=owner))
        of_user, count = await listed(one, person, filter=TaskFilter(assignees=frozenset({_user(one, owner) or user})))
        assert (ids_of(of_user), count) == (owned & expected, len(owned & expected)), (person.key, owner)


def _user(one: Vendor, native_id: str) -> PersonId | None:
    for person in one.people.values():
        identity = person.identity(one.key)
        if identity is not None and identity.native_id == native_id:
            return PersonId(key=person.key)
    return None


@pytest.mark.parametrize("vendor", list(stand_ins()))
async def test_a_hidden_task_is_as_one_that_does_not_exist(vendor: str) -> None:
    """To node, writes, bulk actions, the picker of owners, cursors and operations: the same words, codes and costs."""
    async with opened(vendor) as one:
        admin, alice = one.people["carol"], one.people["alice"]
        with in_context(as_person(admin)):
            everything, _ = await listed(one, admin)
            written = await one.gateway.perform(
                admin, WriteRequest(target=everything[0].ref, intent=CommentIntent(text="a word"))
            )
            page = await one.gateway.list_tasks(admin, TaskListRequest(first=1))
        hidden = next(task.ref for task in everything if one.relation(alice, task) == "none")
        missing = _missing(one, hidden)
        effects = len(one.stand_in.effects.all())
        with in_context(as_person(alice)):
            for intent in WRITES:
                assert await _refused(one, alice, hidden, intent) == await _refused(one, alice, missing, intent)
            assert await _picker(one, alice, hidden) == await _picker(one, alice, missing)
            assert await _node(one, alice, hidden) == await _node(one, alice, missing) == {"data": {"node": None}}
            assert await one.gateway.operation(alice, written.operation_id) is None
            with pytest.raises(InputError):
                await one.gateway.list_tasks(alice, TaskListRequest(first=1, after=page.edges[0].cursor()))
        assert len(one.stand_in.effects.all()) == effects


def _missing(one: Vendor, like: TaskRef) -> TaskRef:
    """An id of the same form that no task has."""
    digits = [place for place, letter in enumerate(like.native_id) if letter.isdigit()]
    text = like.native_id
    for place in digits[-8:]:
        text = text[:place] + str((int(text[place]) + 5) % 10) + text[place + 1 :]
    assert one.connector.is_native_id(text)
    return TaskRef(one.key, text)


async def _refused(one: Vendor, person: Caller, ref: TaskRef, intent: TaskIntent) -> object:
    cost = RequestCost()
    with in_context(as_person(person).counted_by(cost)):
        result = await one.gateway.perform(person, WriteRequest(target=ref, intent=intent))
        bulk = await one.gateway.perform_bulk(person, BulkRequest(targets=(ref,), intent=intent))
    told = [(problem.code, problem.message, problem.field) for problem in result.problems]
    return result.status, told, result.task, result.upstream_calls, bulk.upstream_calls, cost.told.requests


async def _picker(one: Vendor, person: Caller, ref: TaskRef) -> str:
    with pytest.raises(InputError) as refused:
        await one.gateway.list_users(person, PageRequest(first=3), assignable_to=ref)
    return str(refused.value)


async def _node(one: Vendor, person: Caller, ref: TaskRef) -> Any:
    operation = EXECUTION.read(NODE, None, {"id": global_id("Task", ref.source, ref.native_id)})
    with anyio.fail_after(60):
        answer = await EXECUTION.run(operation, Context(person, one.gateway))
    return json.loads(json.dumps(answer.written(), default=str))
