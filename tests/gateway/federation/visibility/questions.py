"""What a person may try: every question and write of the federation, on own tasks and on those of other people."""

import random
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct, structs

from connectors.sdk.caller import Caller
from connectors.sdk.errors import ConnectorError, InputError
from connectors.sdk.model import DetailAspect, FlowRef, NativeRef, Task, TaskRef, TaskState
from connectors.sdk.query import SortKey, TaskOrderField
from gateway.federation.service import FederatedSources
from gateway.federation.traffic import CallContext, OperationRecords, RequestCost, in_context
from schema.api import build_schema
from schema.core.context import Context
from schema.core.relay import global_id, person_id
from schema.execution import Execution
from schema.ports import (
    BulkRequest,
    ClaimIntent,
    CommentIntent,
    CompleteIntent,
    InboxScope,
    PageRequest,
    PersonId,
    ReleaseIntent,
    StatsRequest,
    TakeNextRequest,
    TaskDimension,
    TaskFilter,
    TaskListRequest,
    WriteRequest,
)
from tests.gateway.federation.visibility.people import mark_of

ORDERS: Sequence[tuple[SortKey, ...]] = ((SortKey(TaskOrderField.CREATED_AT),), (SortKey(TaskOrderField.TITLE),), ())
GRAPH = """query ($task: ID!, $flow: ID!, $user: ID!, $filter: TaskFilter) {
  task(id: $task) { ...whole }
  flow(id: $flow) { ...flow tasks(first: 5) { totalCount nodes { ...row } sources { upstreamCalls count } } }
  user(id: $user) { displayName tasks(first: 5) { totalCount nodes { ...row } } }
  nodes(ids: [$task, $flow, $user]) { id ... on Task { ...row } ... on Flow { ...flow } }
  tasks(first: 3, filter: $filter) { totalCount nodes { ...row flow { ...flow } } sources { count upstreamCalls error { message } } }
  taskStats(groupBy: [ASSIGNEE, TAG]) { total buckets { count keys { value label } } }
}
fragment row on Task {
  id title state stateReason description businessKey url assignee { displayName } candidateGroups { name }
  definition { key name } subjects { type nativeId label } tags { name } outcome native { payload } lastWrite { action actor { displayName } }
}
fragment whole on Task {
  ...row data comments { nodes { text } } activities { nodes { message } } previousSteps { name } permittedActions { action allowed reason }
  flow { ...flow currentTasks { ...row } }
}
fragment flow on Flow {
  id name flowState: state flowKey: businessKey flowDefinition: definition { key } parent { id name state businessKey root { name businessKey } } root { name businessKey }
}"""
EXECUTION = Execution(build_schema())

# Each as often as it stands here.
READS = (*["list"] * 6, "stats", *["tasks"] * 80, *["details"] * 20, "flow", "users")
WRITES = (*["perform"] * 6, "bulk", "next", *["operation"] * 4)


class Question(Struct, frozen=True):
    """`number` makes ids and keys unique; `refs` may be anyone's; `of` is the key of a person of whom is asked."""

    what: str
    number: int
    refs: tuple[TaskRef, ...]
    of: str
    filter: TaskFilter
    scope: InboxScope
    order: tuple[SortKey, ...]
    first: int
    fresh: bool
    count: bool
    intent: Any


class Kept:
    """What a person may have from other people's answers: cursors, operation ids, idempotency keys."""

    def __init__(self) -> None:
        self.cursors: list[tuple[str, TaskListRequest, str]] = []
        self.operations: list[tuple[str, str]] = []
        self.keys: list[str] = []


def question(
    chance: random.Random, refs: Sequence[TaskRef], people: Sequence[Caller], what: str, number: int
) -> Question:
    other = chance.choice(people)
    chosen = tuple(chance.choice(refs) for _ in range(chance.choice((1, 1, 1, 1, 3))))
    return Question(
        what=what,
        number=number,
        refs=chosen,
        of=other.key,
        filter=_in_sources(chance, chosen, chance.choice(FILTERS)(chosen, other)),
        scope=chance.choice(list(InboxScope)),
        order=chance.choice(ORDERS),
        first=chance.choice((1, 3, 10)),
        fresh=chance.random() < 0.1,
        count=chance.random() < 0.7,
        intent=chance.choice(INTENTS)(),
    )


def _in_sources(chance: random.Random, refs: Sequence[TaskRef], wanted: TaskFilter) -> TaskFilter:
    """Mostly of one source: that costs less."""
    return wanted if chance.random() < 0.05 else structs.replace(wanted, sources=frozenset({refs[0].source}))


FILTERS: Sequence[Callable[[tuple[TaskRef, ...], Caller], TaskFilter]] = (
    lambda _refs, _other: TaskFilter(),
    lambda _refs, other: TaskFilter(assignees=frozenset({PersonId(key=other.key)})),
    lambda refs, other: TaskFilter(
        candidate_groups=frozenset(NativeRef(ref.source, other.groups[0]) for ref in refs),
    ),
    lambda _refs, other: TaskFilter(text=mark_of(other.key)),
    lambda _refs, other: TaskFilter(text=mark_of(other.groups[0])),
    lambda _refs, other: TaskFilter(definition_keys=frozenset({f"key {mark_of(other.groups[0])}"})),
    lambda _refs, other: TaskFilter(business_keys=frozenset({mark_of(other.key)})),
    lambda refs, _other: TaskFilter(ids=frozenset(refs)),
    lambda refs, other: TaskFilter(flows=frozenset(FlowRef(ref.source, f"flow-{other.groups[0]}") for ref in refs)),
    lambda _refs, other: TaskFilter(
        any_of=(TaskFilter(states=frozenset({TaskState.READY})), TaskFilter(text=mark_of(other.key)))
    ),
    lambda _refs, other: TaskFilter(none_of=TaskFilter(text=mark_of(other.key))),
)
INTENTS: Sequence[Callable[[], Any]] = (
    ClaimIntent,
    ReleaseIntent,
    lambda: CompleteIntent(outcome=None, data=None),
    lambda: CommentIntent(text="a word"),
)


async def answer(sources: FederatedSources, person: Caller, asked: Question, kept: Kept, at: float) -> object:
    """Everything that the person gets, with the cost that is told. An error is an answer too."""
    cost = RequestCost()
    context = CallContext(caller=person, token=person.key, asked_at=at, operation_records=OperationRecords())
    with in_context(context.counted_by(cost).with_deadline(30)):
        try:
            found = await _asked(sources, person, asked, kept)
        except (ConnectorError, InputError) as error:
            found = (type(error).__name__, str(error))
        if asked.what == "graph":
            # What is read together, and so what it costs, depends on when the journal's thread answers.
            return found, None
        told = cost.told
        return found, (told.requests, told.sent, told.waits, told.retries, told.refusals)


async def _asked(sources: FederatedSources, person: Caller, asked: Question, kept: Kept) -> object:
    match asked.what:
        case "list":
            return await _listed(sources, person, asked, kept)
        case "stats":
            dimensions = (TaskDimension.ASSIGNEE, TaskDimension.DEFINITION, TaskDimension.TAG)
            return await sources.task_stats(
                person, StatsRequest(scope=asked.scope, filter=asked.filter, group_by=dimensions, fresh=asked.fresh)
            )
        case "tasks":
            found = await sources.get_tasks(person, asked.refs, fresh=asked.fresh)
            shown = [task for task in found.values() if isinstance(task, Task)][: asked.number % 4 == 0]
            return found, [(sources.verdicts(person, task), await sources.last_write(task.ref)) for task in shown]
        case "details":
            return await sources.get_details(
                person, dict.fromkeys(asked.refs, frozenset(DetailAspect)), fresh=asked.fresh
            )
        case "flow":
            circle = asked.of if asked.first == 1 else f"group-{int(asked.of.split('-')[1]) // 4}"
            return await sources.get_visible_flow(person, FlowRef(asked.refs[0].source, f"flow-{circle}"))
        case "graph":
            source, circle = asked.refs[0].source, f"group-{int(asked.of.split('-')[1]) // 4}"
            variables = {
                "task": global_id("Task", source, asked.refs[0].native_id),
                "flow": global_id("Flow", source, f"flow-{circle if asked.first == 1 else asked.of}"),
                "user": person_id(asked.of),
                "filter": {"text": mark_of(circle)} if asked.count else None,
            }
            told = await EXECUTION.run(EXECUTION.read(GRAPH, None, variables), Context(person, sources))
            return told.written()
        case "users":
            page = await sources.list_users(person, PageRequest(first=3), assignable_to=asked.refs[0])
            return [edge.item for edge in page.edges], page.sources
        case _:
            return await _written(sources, person, asked, kept)


async def _listed(sources: FederatedSources, person: Caller, asked: Question, kept: Kept) -> object:
    request = TaskListRequest(
        scope=asked.scope,
        filter=asked.filter,
        order=asked.order,
        first=asked.first,
        fresh=asked.fresh,
        count=asked.count,
    )
    pages = [await sources.list_tasks(person, request)]
    if pages[0].has_next_page and asked.number % 2:
        following = TaskListRequest(
            scope=asked.scope, filter=asked.filter, order=asked.order, first=3, after=pages[0].edges[-1].cursor()
        )
        pages.append(await sources.list_tasks(person, following))
        kept.cursors.append((person.key, following, following.after or ""))
    stolen = None
    if kept.cursors and asked.number % 7 == 0:
        owner, theirs, _ = kept.cursors[asked.number % len(kept.cursors)]
        if owner != person.key:
            try:
                stolen = await sources.list_tasks(person, theirs)
            except InputError:
                stolen = None
            assert stolen is None, "a cursor of another person was accepted"
    return [
        (
            [edge.task for edge in page.edges],
            [len(edge.cursor()) for edge in page.edges],
            page.has_next_page,
            page.has_previous_page,
            page.total,
            page.total_accuracy,
            page.is_complete,
            page.sources,
        )
        for page in pages
    ]


async def _written(sources: FederatedSources, person: Caller, asked: Question, kept: Kept) -> object:
    match asked.what:
        case "perform":
            key = kept.keys[asked.number % len(kept.keys)] if kept.keys and asked.number % 5 == 0 else None
            if asked.number % 5 == 1:
                kept.keys.append(key := f"key {asked.number}")
            result = await sources.perform(
                person, WriteRequest(target=asked.refs[0], intent=asked.intent, idempotency_key=key)
            )
            kept.operations.append((person.key, result.operation_id))
            return result
        case "bulk":
            done = await sources.perform_bulk(
                person, BulkRequest(targets=asked.refs, intent=asked.intent, dry_run=asked.number % 2 == 0)
            )
            # Of entries that share a read, the one that asks first has its cost.
            return [
                structs.replace(entry.result, upstream_calls=0) for entry in done.entries.values()
            ], done.upstream_calls
        case "next":
            return await sources.take_next(person, TakeNextRequest(filter=asked.filter, order=asked.order))
        case "operation" if kept.operations:
            author, operation_id = kept.operations[asked.number % len(kept.operations)]
            found = await sources.operation(person, operation_id)
            assert found is None or author == person.key, "an operation of another person was shown"
            return found
        case _:
            return None
