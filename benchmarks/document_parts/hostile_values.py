"""Values of arguments that would cost much: in variables, over five sources with 2,000 cached tasks in all."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from types import SimpleNamespace
from typing import Any, NamedTuple

import httpx2
import orjson

from connectors.sdk.caller import Caller, Identity
from connectors.sdk.connector import Connector
from connectors.sdk.connector_info import Listing
from connectors.sdk.errors import ConnectorError
from connectors.sdk.http import Upstream
from connectors.sdk.model import Definition, GroupRef, SubjectRef, Tag, Task, TaskState, User, UserRef
from connectors.sdk.query import Page, TaskQuery
from connectors.sdk.settings import SourceSettings
from gateway.composition import compose
from gateway.federation.cache import Cache
from gateway.federation.lists import CursorCodec
from gateway.federation.sources import Source
from gateway.federation.traffic import CallContext, OperationRecords, in_context
from gateway.http.request import RefusedError, json_of
from gateway.people.book import BookOfPeople
from gateway.shared.memory import memory_state
from gateway.store.sqlite import SqliteJournal
from schema.api import build_schema
from schema.core.context import Context
from schema.core.relay import global_id
from schema.execution import Execution, RequestError

LARGEST = 256 * 1024
GOAL_MS = 100.0
SOURCES = 5
ROWS = 400
NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
WORDS = ("Check", "the", "invoice", "of", "order", "Müller", "urgent", "contract", "Zürich", "delivery")
KEYS = tuple(f"source-{number}" for number in range(SOURCES))
ALICE = Caller(
    key="alice",
    name="Alice",
    groups=("accounting",),
    roles=frozenset({"task_admin"}),
    identities={key: Identity(native_id="u17", groups=("accounting",)) for key in KEYS},
)
TASKS = "query ($f: TaskFilter) { tasks(filter: $f, first: 1) { totalCount } }"
STATS = "query ($f: TaskFilter) { taskStats(filter: $f, groupBy: [STATE, ASSIGNEE, TAG, DEFINITION]) { total } }"
USERS = "query ($s: String) { users(search: $s, first: 1) { totalCount } }"
NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
SORTED = "query ($o: [TaskOrder!]) { tasks(orderBy: $o, first: 1) { totalCount } }"
DRAFT = "mutation ($i: SaveTaskDraftInput!) { saveTaskDraft(input: $i) { status } }"
BULK = "mutation ($i: BulkTaskActionInput!) { bulkTaskAction(input: $i) { results { status } } }"
COMMENT = "mutation ($i: AddTaskCommentInput!) { addTaskComment(input: $i) { status } }"
TASK = global_id("Task", KEYS[0], "1")


class Vendor(Connector[SourceSettings]):
    """Has `ROWS` tasks and as many users in memory."""

    vendor = "made-up"
    title = "Made up"
    settings_type = SourceSettings
    page_limit = ROWS
    listings = frozenset({Listing.USERS})

    def __init__(self, key: str) -> None:
        settings = SourceSettings(key=key, name=key, vendor=self.vendor, base_url="http://vendor.test")
        transport = httpx2.MockTransport(lambda _: httpx2.Response(500))
        super().__init__(settings, Upstream(settings, transport=transport), clock=lambda: NOW)
        self._tasks = [self._task(number) for number in range(ROWS)]

    @classmethod
    def open(cls, settings: SourceSettings, **_: Any) -> "Vendor":
        raise TypeError("made by its key")

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return TaskQuery()

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        return Page(items=self._tasks)

    async def list_users(
        self, *, search: str | None = None, assignable_to: Task | None = None, limit: int, after: str | None = None
    ) -> Page[User]:
        return Page(
            items=[User(native_id=f"u{n}", name=f"Alice Müller {n}", email=f"a{n}@x.test") for n in range(ROWS)]
        )

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        return {native_id: self._tasks[int(native_id)] for native_id in ids if native_id.isdecimal()}

    async def ping(self) -> None:
        return None

    def _task(self, number: int) -> Task:
        return Task(
            source=self.source,
            native_id=str(number),
            title=" ".join(WORDS[(number + word) % len(WORDS)] for word in range(6)),
            description="a" * 300,
            state=TaskState.RESERVED if number % 3 else TaskState.READY,
            rule="made-up",
            fetched_at=NOW,
            due_at=NOW + timedelta(seconds=number),
            created_at=NOW - timedelta(days=30) + timedelta(seconds=number),
            assignees=(UserRef(native_id="u17", name="Alice Moreno"),) if number % 3 else (),
            candidate_groups=(GroupRef(native_id="accounting", name="Accounting"),),
            definition=Definition(native_id="check", key="check", name="Check invoice"),
            subjects=(SubjectRef(type="order", native_id=str(number), label=f"Order {number} of Müller"),),
            tags=(Tag(name="urgent"), Tag(name="finance")),
        )


class Gateway:
    """A gateway over such vendors. Everything is read once before anything is measured."""

    def __init__(self) -> None:
        shared = memory_state()
        self._federation = compose(
            [Source(Vendor(key), rate_limits=shared.rate_limits) for key in KEYS],
            people=BookOfPeople(),
            journal=SqliteJournal(None),
            answers=Cache(max_bytes=1 << 28, max_entries=10_000, log=shared.invalidations),
            cursors=CursorCodec(b"benchmark"),
            leases=shared.leases,
        )
        self._execution = Execution(build_schema())

    async def warm(self) -> None:
        for query in (TASKS, STATS, USERS):
            await self.cost({"query": query})
        # As the server does once it has started: what stays is not looked at again.
        gc.collect()
        gc.freeze()

    async def cost(self, request: Mapping[str, object]) -> tuple[int, float, str]:
        """Bytes, milliseconds of CPU from the body to the answer, and the outcome."""
        return await self._cost(orjson.dumps(request))

    async def raw(self, data: bytes) -> tuple[int, float, str]:
        """As `cost`, of a draft with this data."""
        body = orjson.dumps({"query": DRAFT, "variables": {"i": {"taskId": TASK, "data": "DATA"}}})
        return await self._cost(body.replace(b'"DATA"', data))

    async def _cost(self, body: bytes) -> tuple[int, float, str]:
        began = time.process_time()
        answer = await self._answer(body)
        spent = (time.process_time() - began) * 1000
        errors = answer.get("errors")
        outcome = "answered" if not errors else f"{errors[0]['extensions']['code']}: {errors[0]['message'][:70]}"
        return len(body), spent, outcome

    async def _answer(self, body: bytes) -> dict[str, Any]:
        try:
            request = json_of(body, "The body")
        except RefusedError as refused:
            return {"errors": [{"message": str(refused), "extensions": {"code": refused.code}}]}
        try:
            operation = self._execution.read(request["query"], None, request.get("variables"))
        except RequestError as error:
            return error.answer.written()
        context = CallContext(caller=ALICE, operation_records=OperationRecords()).with_deadline(10)
        with in_context(context):
            written = (await self._execution.run(operation, Context(ALICE, self._federation))).written()
        orjson.dumps(written)
        return written


def tree(depth: int) -> dict[str, Any]:
    return {"isOpen": True} if depth == 0 else {"or": [tree(depth - 1), {"and": [tree(depth - 1)]}]}


def wide(aliases: int) -> str:
    """Lists of a row under many aliases."""
    groups = " ".join(f"a{n}: candidateGroups {{ name source {{ id key name vendor }} }}" for n in range(aliases))
    return f"{{ tasks(first: 100) {{ nodes {{ {groups} }} }} }}"


def nodes(aliases: int) -> dict[str, Any]:
    groups = " ".join(f"a{n}: candidateGroups {{ id name }}" for n in range(aliases))
    return {
        "query": f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Task {{ {groups} }} }} }}",
        "variables": {"ids": [global_id("Task", KEYS[n % SOURCES], str(n)) for n in range(100)]},
    }


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": [value]}
    return value


def full(piece: Callable[[int], object], most: int = LARGEST - 1_000) -> list[object]:
    """As many pieces as fit into a request."""
    return [piece(number) for number in range(most // (len(orjson.dumps(piece(99_999))) + 1))]


def corpus() -> dict[str, Callable[[], dict[str, Any]]]:
    """Requests by their purpose: a query, and its variables."""

    def tasks(wanted: object) -> dict[str, Any]:
        return {"query": TASKS, "variables": {"f": wanted}}

    def draft(data: object) -> dict[str, Any]:
        return {"query": DRAFT, "variables": {"i": {"taskId": TASK, "data": data}}}

    def texts(count: int, of: Callable[[str], object] = lambda text: {"text": text}) -> list[object]:
        return [of(f"q{number}") for number in range(count)]

    long = "a" * 200_000
    return {
        "no filter": lambda: tasks({}),
        "no filter, counts": lambda: {"query": STATS},
        "ten lists": lambda: {
            "query": "{" + " ".join(f"a{n}: tasks(first: 1) {{ totalCount }}" for n in range(10)) + "}"
        },
        "thirty lists": lambda: {
            "query": "{" + " ".join(f"a{n}: tasks(first: 1) {{ totalCount }}" for n in range(30)) + "}"
        },
        "six lists in other orders": lambda: {
            "query": "{"
            + " ".join(
                f"a{n}: tasks(first: {n + 1}, orderBy: [{{field: TITLE, direction: {way}}}, {{field: {field}}}]) "
                "{ totalCount nodes { id } }"
                for n, (field, way) in enumerate(
                    (field, way)
                    for field in ("PRIORITY", "CREATED_AT", "DUE_AT", "UPDATED_AT", "STATE")
                    for way in ("ASC", "DESC")
                )
                if n < 6
            )
            + "}"
        },
        "three counts": lambda: {
            "query": "{"
            + " ".join(
                f"a{n}: taskStats(groupBy: [STATE, ASSIGNEE, TAG, DEFINITION]) {{ total buckets {{ count }} }}"
                for n in range(3)
            )
            + "}"
        },
        "ten counts": lambda: {
            "query": "{"
            + " ".join(f"a{n}: taskStats(groupBy: [STATE, ASSIGNEE, TAG]) {{ total }}" for n in range(10))
            + "}"
        },
        "nine searches for people": lambda: {
            "query": "{"
            + " ".join(f'a{n}: users(search: "alice{n}", first: 1) {{ totalCount }}' for n in range(9))
            + "}"
        },
        "two lists, or of 25 texts": lambda: {
            "query": "query ($f: TaskFilter) { a: tasks(filter: $f) { totalCount } b: tasks(filter: $f, last: 1) { totalCount } }",
            "variables": {"f": {"or": texts(25)}},
        },
        "100 rows, what is permitted": lambda: {
            "query": "{ tasks(first: 100) { nodes { permittedActions { action allowed reason } } } }"
        },
        "100 nodes, many fields": lambda: nodes(16),
        "100 nodes, more fields": lambda: nodes(20),
        "lists below rows": lambda: {
            "query": "{ tasks(first: 50) { nodes { assignee { tasks(first: 1) { totalCount } } } } }"
        },
        "100 rows, many fields": lambda: {"query": wide(6)},
        "100 rows, thirty times as many": lambda: {"query": wide(30)},
        "a text of 20,000": lambda: tasks({"text": "a" * 20_000}),
        "a text of 200,000": lambda: tasks({"text": long}),
        "a text of 500": lambda: tasks({"text": "a" * 499 + "b"}),
        "a text of escapes": lambda: tasks({"text": "ﷺ" * 20_000}),
        "a title of 200,000": lambda: tasks({"title": {"contains": long}}),
        "an id of 200,000": lambda: tasks({"id": {"eq": long}}),
        "or of 25 texts": lambda: tasks({"or": texts(25)}),
        "or of 25 titles": lambda: tasks({"or": texts(25, lambda text: {"title": {"contains": text}})}),
        "or of 25 tags": lambda: tasks({"or": texts(25, lambda text: {"tag": {"contains": text}})}),
        "or of 25 subjects": lambda: tasks({"or": texts(25, lambda text: {"subject": {"label": text}})[:16]}),
        "or of 1,000 texts": lambda: tasks({"or": texts(1_000)}),
        "or of 8,000 texts": lambda: tasks({"or": texts(8_000)}),
        "or of empty filters": lambda: tasks({"or": [{}] * 80_000}),
        "counts, or of 25 texts": lambda: {"query": STATS, "variables": {"f": {"or": texts(25)}}},
        "counts, or of 8,000 texts": lambda: {"query": STATS, "variables": {"f": {"or": texts(8_000)}}},
        "a tree of depth 3": lambda: tasks(tree(3)),
        "a tree of depth 11": lambda: tasks(tree(11)),
        "not in not": lambda: tasks(orjson.loads('{"not":' * 200 + "{}" + "}" * 200)),
        "4,000 ids": lambda: tasks({"id": {"in": [global_id("Task", KEYS[0], str(n)) for n in range(4_000)]}}),
        "400 ids": lambda: tasks({"id": {"in": [global_id("Task", KEYS[0], str(n)) for n in range(400)]}}),
        "400 ids not": lambda: tasks({"id": {"notIn": [global_id("Task", KEYS[0], str(n)) for n in range(400)]}}),
        "400 titles": lambda: tasks({"title": {"in": texts(400, str)}}),
        "20,000 titles": lambda: tasks({"title": {"in": texts(20_000, str)}}),
        "one filter thirty times": lambda: {
            "query": "query ($f: TaskFilter) {"
            + " ".join(f"a{n}: tasks(filter: $f, first: 1) {{ totalCount }}" for n in range(30))
            + "}",
            "variables": {"f": {"or": texts(25)}},
        },
        "one filter in a literal 300 times": lambda: {
            "query": "query ($f: TaskFilter!) { tasks(filter: {or: [" + "$f " * 300 + "]}, first: 1) { totalCount } }",
            "variables": {"f": {"or": texts(25)}},
        },
        "unknown members": lambda: tasks({f"member{n}": 1 for n in range(15_000)}),
        "wrong values": lambda: tasks({"state": {"in": full(lambda n: f"READ{n}")}}),
        "wrong types": lambda: tasks({"text": full(lambda n: n)}),
        "undeclared variables": lambda: {"query": TASKS, "variables": {f"v{n}": n for n in range(15_000)}},
        "orders": lambda: {"query": SORTED, "variables": {"o": [{"field": "TITLE"}] * 8_000}},
        "400 orders": lambda: {"query": SORTED, "variables": {"o": [{"field": "TITLE", "direction": "DESC"}] * 400}},
        "people by a word": lambda: {"query": USERS, "variables": {"s": "alice"}},
        "people by 250 words": lambda: {
            "query": USERS,
            "variables": {"s": " ".join("alicemu"[: 1 + n % 5] for n in range(125))},
        },
        "people by 100,000 words": lambda: {"query": USERS, "variables": {"s": "a " * 100_000}},
        "100 nodes": lambda: {
            "query": NODES,
            "variables": {"ids": [global_id("Task", KEYS[0], str(n)) for n in range(100)]},
        },
        "10,000 nodes": lambda: {"query": NODES, "variables": {"ids": full(lambda n: f"x{n}")}},
        "a node of 200,000": lambda: {"query": NODES, "variables": {"ids": [long]}},
        "bulk of 10,000": lambda: {
            "query": BULK,
            "variables": {"i": {"taskIds": full(lambda n: f"x{n}"), "action": "CLAIM", "idempotencyKey": "k"}},
        },
        "a comment of 200,000": lambda: {"query": COMMENT, "variables": {"i": {"taskId": TASK, "text": long}}},
        "data: one text": lambda: draft({"a": long}),
        "data: 9,000 values": lambda: draft({f"member{n}": n for n in range(9_000)}),
        "data: values": lambda: draft({"a": full(lambda n: 1)}),
        "data: fractions": lambda: draft({"a": full(lambda n: 1.5)}),
        "data: 240 levels": lambda: draft(nested(120)),
        "data: 24 levels": lambda: draft(nested(12)),
    }


RAW = {
    "data: a number of 200,000 digits": b"9" * 200_000,
    "data: a fraction of 200,000 digits": b"1." + b"9" * 200_000,
    "data: an exponent of a million": b"1e1000000",
    "data: 100,000 levels": b"[" * 100_000 + b"]" * 100_000,
}
"""JSON that no encoder writes, in the place of `data`."""


def reference() -> float:
    """Milliseconds of CPU of a fixed piece of work, of the kind that lists do: objects, dicts, tuples, a sort, texts."""
    began = time.process_time()
    rows = [SimpleNamespace(group=number % 97, text=str(number)) for number in range(4_000)]
    groups: dict[int, list[str]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row.text)
    rows.sort(key=lambda row: (row.group, row.text))
    "".join(row.text for row in rows).casefold()
    return (time.process_time() - began) * 1000


class Measured(NamedTuple):
    """`milliseconds` of the best of a few runs. `ratio`: the median of the costs over the reference beside each."""

    name: str
    size: int
    milliseconds: float
    ratio: float
    outcome: str


def measured(runs: int, only: str) -> tuple[list[Measured], float]:
    """Every request, and the reference's milliseconds on the machine at its best in this run.

    The CPU seconds of a process grow where another one uses the other thread of the core: `ratio` times the reference is
    about what the request costs on a machine with nothing else to do.
    """

    async def measure() -> tuple[list[Measured], float]:
        gateway = Gateway()
        await gateway.warm()
        found = []
        references = [reference() for _ in range(50)]
        for name, cost in _costs(gateway, only):
            best: list[tuple[int, float, str]] = []
            ratios = []
            for _ in range(runs):
                before = reference()
                best.append(await cost())
                beside = (before, reference())
                references += beside
                ratios.append(2 * best[-1][1] / sum(beside))
            size, milliseconds, outcome = min(best, key=lambda each: each[1])
            assert size <= LARGEST, name
            found.append(Measured(name, size, milliseconds, median(ratios), outcome))
        return found, min(references)

    return asyncio.run(measure())


def _costs(gateway: Gateway, only: str) -> Iterator[tuple[str, Callable[[], Awaitable[tuple[int, float, str]]]]]:
    for name, make in corpus().items():
        if only in name:
            yield name, partial(_made, gateway, make)
    for name, raw in RAW.items():
        if only in name:
            yield name, partial(gateway.raw, raw)


async def _made(gateway: Gateway, make: Callable[[], dict[str, Any]]) -> tuple[int, float, str]:
    return await gateway.cost(make())
