"""A mistake in a connector is a failure of the suite that names the mistake and the remedy."""

import inspect
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from msgspec.structs import replace

from connectors.sdk import testing
from connectors.sdk.capability import handles
from connectors.sdk.commands import Claim, Outcome
from connectors.sdk.connector import Connector
from connectors.sdk.errors import ConnectorError, ForbiddenError, NotFoundError
from connectors.sdk.fan_out import get_each
from connectors.sdk.model import OPEN_STATES, Task, TaskState
from connectors.sdk.query import Page, TaskQuery
from connectors.sdk.testing import STRANGE_IDS, ConnectorContract, FaultyTransport
from tests.connectors.sdk.memory import MemoryConnector, MemoryService, Row, memory_settings
from tests.connectors.sdk.test_contract import SAMPLE


class CursorAtTheEnd(MemoryConnector):
    """The last page has a cursor too."""

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        page = await super().list_tasks(query, limit=limit, after=after)
        return Page(items=page.items, next_cursor=str(int(after or 0) + limit))


class SameCursor(MemoryConnector):
    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        page = await super().list_tasks(query, limit=limit)
        return Page(items=page.items, next_cursor="again")


class NumberedCursor(MemoryConnector):
    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        page = await super().list_tasks(query, limit=limit, after=after)
        return Page(items=page.items, next_cursor=2)  # type: ignore[arg-type]


class EmptyCursor(MemoryConnector):
    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        page = await super().list_tasks(query, limit=limit, after=after)
        return Page(items=page.items, next_cursor=page.next_cursor or "")


class LargePages(MemoryConnector):
    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        return await super().list_tasks(query, limit=limit + 1, after=after)


class RaisingForUnknown(MemoryConnector):
    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        found = await super().get_tasks(ids)
        if set(ids) - set(found):
            raise NotFoundError("no such task")
        return found


class RaisingForStrange(MemoryConnector):
    """Unknown ids are absent, as long as they look like ids."""

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        if "a/b" in ids:
            raise NotFoundError("no such task")
        return await super().get_tasks(ids)


class FormattingPaths(MemoryConnector):
    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        async def get(native_id: str) -> Task:
            return self._task((await self.upstream.read("GET", f"/tasks/{native_id}")).decode(Row))

        return await get_each(ids, get)


class PushingAll(MemoryConnector):
    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return query


class PushingTooMuch(MemoryConnector):
    """Asks for open tasks whatever the question is."""

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return super().pushdown(TaskQuery(states=OPEN_STATES) if query.states is not None else query)


class Changing(MemoryConnector):
    """Changes each record by `altered`, as no type checker would let it pass."""

    altered: ClassVar[Mapping[str, Any]] = {}

    def _task(self, row: Row) -> Task:
        return replace(super()._task(row), **self.altered)


class NumberAsId(Changing):
    def _task(self, row: Row) -> Task:
        return replace(super()._task(row), native_id=int(row.id[1:]))


class NaiveDue(Changing):
    altered: ClassVar[Mapping[str, Any]] = {"due_at": datetime(2026, 6, 1, 12)}  # noqa: DTZ001 that is the mistake


class TextAsState(Changing):
    altered: ClassVar[Mapping[str, Any]] = {"state": "READY"}


class ListOfOwners(Changing):
    altered: ClassVar[Mapping[str, Any]] = {"assignees": []}


class ForeignSource(Changing):
    altered: ClassVar[Mapping[str, Any]] = {"source": "other"}


class AlwaysReserved(Changing):
    altered: ClassVar[Mapping[str, Any]] = {"state": TaskState.RESERVED}


class NoOutcome(MemoryConnector):
    @handles(Claim, guarded=True)
    async def claim(self, command: Claim) -> Outcome:
        return (await super().claim(command)).task  # type: ignore[return-value]


class Idle(MemoryConnector):
    @handles(Claim, guarded=True)
    async def claim(self, command: Claim) -> Outcome:
        await self.ping()
        return Outcome(task=command.task)


class NotGuarded(MemoryConnector):
    @handles(Claim)
    async def claim(self, command: Claim) -> Outcome:
        return await super().claim(command)


LISTS = "test_pages_joined_give_every_task_once"
PUSHDOWN = "test_a_list_is_exactly_its_pushed_down_query"
TYPES = "test_records_have_the_types_of_the_model"
STRANGE = "test_an_id_that_tries_to_leave_the_path_is_absent"
MOVES = "test_a_declared_verb_moves_the_state"

MISTAKES: tuple[tuple[type[MemoryConnector], str, dict[str, Any], str], ...] = (
    (
        CursorAtTheEnd,
        LISTS,
        {},
        "page 5 is empty and has a next_cursor, and so have the 30 pages after it: the last page must have next_cursor=None",
    ),
    (SameCursor, LISTS, {}, "page 2 has the next_cursor of page 1, 'again': the list has no end"),
    (NumberedCursor, LISTS, {}, "Page.next_cursor must be text or None, is int 2"),
    (EmptyCursor, LISTS, {}, "Page.next_cursor must be None at the end, is an empty text"),
    (LargePages, LISTS, {}, "page 1 has 4 rows; limit=3 was asked for"),
    (
        RaisingForUnknown,
        "test_an_unknown_id_is_absent",
        {},
        "get_tasks raised NotFoundError for ['t99']: get_tasks must leave an unknown id out of its answer; see get_each",
    ),
    (RaisingForStrange, STRANGE, {"native_id": "a/b"}, "get_tasks raised for 'a/b'"),
    (FormattingPaths, STRANGE, {"native_id": "a\nb"}, "pass ids as arguments: read('GET', '/todos/{}', id)"),
    (FormattingPaths, STRANGE, {"native_id": "{}"}, "pass ids as arguments: read('GET', '/todos/{}', id)"),
    (FormattingPaths, STRANGE, {"native_id": ".."}, "pass ids as arguments: read('GET', '/todos/{}', id)"),
    (
        FormattingPaths,
        STRANGE,
        {"native_id": "a/b"},
        "the id 'a/b' stands in the path as it is, /api/tasks/a/b; pass ids as arguments: read('GET', '/todos/{}', id)",
    ),
    (
        PushingAll,
        PUSHDOWN,
        {},
        "pushed down TaskQuery(states = {CREATED}); the list gave ids that do not match: t00, t01, t02, t03, t04 and 5 more",
    ),
    (
        PushingTooMuch,
        PUSHDOWN,
        {},
        "for TaskQuery(states = {COMPLETED}); the list lacks ids that match the latter: t10, t11, t12, t13. pushdown must not",
    ),
    (NumberAsId, TYPES, {}, "Task 0: native_id must be text, is int 0"),
    (
        NaiveDue,
        TYPES,
        {},
        "Task 't00': due_at must have a zone, is 2026-06-01 12:00:00: time_from_wire(text, zone) gives it",
    ),
    (TextAsState, TYPES, {}, "Task 't00': state must be TaskState, is str 'READY'"),
    (ListOfOwners, TYPES, {}, "Task 't00': assignees must be a tuple, is list []"),
    (ForeignSource, TYPES, {}, "Task.source must be self.source, is 'other'"),
    (AlwaysReserved, "test_the_sample_is_there", {}, "'t01' of sample.unowned must be READY, is RESERVED"),
    (NoOutcome, MOVES, {"verb": Claim}, "the method of Claim must return an Outcome, returns Task("),
    (
        Idle,
        MOVES,
        {"verb": Claim},
        "Claim has no effect on Outcome.task, Task(source = memory, native_id = t01, title = Task 1",
    ),
    (
        NotGuarded,
        "test_a_second_application_does_what_guarded_says",
        {"verb": Claim},
        "a second Claim was refused: if the vendor refuses it, declare guarded=True",
    ),
)


async def run(connector_type: type[MemoryConnector], name: str, columns: Mapping[str, Any]) -> None:
    """One test of the suite."""
    transport = FaultyTransport(MemoryService())
    connector: Connector[Any] = connector_type.open(memory_settings(), transport=transport)
    test = getattr(ConnectorContract(), name)
    wanted = {"connector": connector, "transport": transport, "sample": SAMPLE, **columns}
    try:
        await test(**{parameter: wanted[parameter] for parameter in inspect.signature(test).parameters})
    finally:
        await connector.aclose()


@pytest.mark.parametrize(
    ("connector_type", "name", "columns", "message"),
    MISTAKES,
    ids=[f"{each[0].__name__}-{each[1]}" for each in MISTAKES],
)
async def test_a_mistake_is_named(
    connector_type: type[MemoryConnector], name: str, columns: Mapping[str, Any], message: str
) -> None:
    """By an assertion; by the sdk itself where a path has an id in it."""
    with pytest.raises((AssertionError, ValueError), match=re.escape(message)):
        await run(connector_type, name, columns)


async def test_a_mistake_with_unknown_ids_is_told_once() -> None:
    """Not again for each of the strange ids."""
    for native_id in STRANGE_IDS:
        await run(RaisingForUnknown, STRANGE, {"native_id": native_id})


async def test_a_wrong_error_is_shown_beside_the_right_one() -> None:
    class Vague(MemoryConnector):
        async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
            try:
                return await super().list_tasks(query, limit=limit, after=after)
            except ForbiddenError as error:
                raise ConnectorError("it did not work") from error

    told = "there must be one ForbiddenError with maybe_applied=False; got ConnectorError('it did not work', maybe_applied=False)"
    columns = {"fault": testing.Reply(403), "kind": ForbiddenError, "maybe_applied": False}
    with pytest.raises(AssertionError, match=re.escape(told)):
        await run(Vague, "test_a_failed_read_is_the_right_error", columns)


def test_every_file_with_assertions_is_rewritten() -> None:
    """So that each of them shows its values; `__init__` names the files."""
    folder = Path(testing.__file__).parent
    asserting = {path.stem for path in folder.glob("*.py") if re.search(r"^ +assert ", path.read_text(), re.MULTILINE)}
    (named,) = re.findall(r"for file in \((.*?)\)", (folder / "__init__.py").read_text())

    assert asserting == set(re.findall(r'"(\w+)"', named))
