"""Cursors of merged lists: a cursor that this gateway did not make for this list is refused."""

import base64
import random
import string
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.errors import InputError
from connectors.sdk.model import FlowRef, NativeRef, TaskPriority, TaskState
from connectors.sdk.query import SortDirection, SortKey, TaskOrderField
from gateway.federation.cache import fingerprint
from gateway.federation.lists.cursor import CursorCodec
from gateway.federation.lists.position import ListPosition, SourceCount, StreamId, StreamKind, StreamPosition
from schema.ports import InboxScope, TaskFilter, TaskListRequest
from tests.gateway.federation.listing_source import ListingConnector
from tests.gateway.federation.memory_source import federation, later, person, task

CODEC = CursorCodec(b"a secret")
POSITION = ListPosition(
    (1767323045678901, None, "north", "17"),
    {
        StreamId("north", StreamKind.PAGED, 0, "+"): StreamPosition("26@25@77", 26),
        StreamId("south", StreamKind.PAGED, 1, "-"): StreamPosition(None, 26),
    },
    counts={"north": SourceCount(given=25, total=70, exact=True)},
)
CURSOR = CODEC.encode("a list", POSITION)
LETTERS = string.ascii_letters + string.digits + "-_"
TEN = [f"system-{number}" for number in range(10)]
ADMIN, ALICE = person("carol", *TEN, admin=True), person("alice", *TEN)


def changed(letter: str) -> st.SearchStrategy[str]:
    return st.sampled_from(LETTERS).filter(lambda other: other != letter)


@st.composite
def tampered(draw: st.DrawFn) -> str:
    """The cursor with one or two letters replaced, inserted, removed or swapped; or cut, doubled or padded."""
    text = list(CURSOR)
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.integers(0, len(text) - 1))
        match draw(st.sampled_from(["replace", "insert", "delete", "swap", "cut", "double", "pad"])):
            case "replace":
                text[place] = draw(changed(text[place]))
            case "insert":
                text.insert(place, draw(st.sampled_from([*LETTERS, "=", "+", "/", " ", "\n", "\0", "é"])))
            case "delete":
                del text[place]
            case "swap":
                other = draw(st.integers(0, len(text) - 1))
                text[place], text[other] = text[other], text[place]
            case "cut":
                del text[place:]
            case "double":
                text += text[place:]
            case _:
                text.append("=")
        if not text:
            break
    return "".join(text)


def test_a_cursor_survives_the_way_to_the_client_and_back() -> None:
    assert POSITION == CODEC.decode("a list", CURSOR)


@pytest.mark.slow
@settings(max_examples=2 * settings().max_examples)
@given(tampered().filter(lambda text: text != CURSOR) | st.text(max_size=300))
def test_a_text_that_is_no_cursor_of_ours_is_refused(text: str) -> None:
    """With an InputError, never with another error."""
    with pytest.raises(InputError) as caught:
        CODEC.decode("a list", text)

    assert ("after",) == caught.value.field


@pytest.mark.slow
def test_no_letter_of_a_cursor_can_be_changed() -> None:
    """Any letter at any place, including the unused bits of the last one."""
    for place, letter in enumerate(CURSOR):
        for other in LETTERS:
            if other != letter:
                with pytest.raises(InputError):
                    CODEC.decode("a list", CURSOR[:place] + other + CURSOR[place + 1 :])


def test_a_cursor_of_another_secret_list_or_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """For example after a change of the secret, for other arguments, or from another release."""
    with pytest.raises(InputError, match="with another secret"):
        CursorCodec(b"another secret").decode("a list", CURSOR)
    with pytest.raises(InputError, match="another filter, order, scope or person"):
        CODEC.decode("another list", CURSOR)
    monkeypatch.setattr("gateway.federation.lists.cursor.VERSION", 1)
    older = CODEC.encode("a list", POSITION)
    monkeypatch.undo()
    with pytest.raises(InputError, match="another version"):
        CODEC.decode("a list", older)


def test_a_cursor_of_another_shape_is_refused() -> None:
    """Version 2 named streams by a text. It is signed with the same secret."""
    packed = zlib.compress(b'[2,"a list",[["x",null],{"north:0:+":["26",26,false,false,null,70,true]},false]]')
    signed = base64.urlsafe_b64encode(CODEC._cipher.encrypt(packed, None)).decode().rstrip("=")

    with pytest.raises(InputError, match="another version"):
        CODEC.decode("a list", signed)


def test_a_cursor_tells_nothing_of_what_is_in_it() -> None:
    """Neither a vendor's cursor, which may name a hidden task, nor how many rows were skipped, also not by its length."""
    stream = StreamId("north", StreamKind.PAGED)
    near, far = (
        CODEC.encode("a list", structs.replace(POSITION, streams={stream: StreamPosition(page, 26)}))
        for page in ("1@0@77", "94@93@40")
    )
    raw = base64.urlsafe_b64decode(near + "=" * (-len(near) % 4))

    assert len(near) == len(far)
    for start in range(len(raw)):
        with pytest.raises(zlib.error):
            zlib.decompress(raw[start:])


def test_a_fingerprint_is_the_same_for_equal_parts_only() -> None:
    """The order of a set does not matter. Equal members of different structs are different parts."""
    ids = [f"task-{number}" for number in range(20)]
    asked, reversed_ = (TaskFilter(titles=frozenset(each)) for each in (ids, reversed(ids)))

    assert fingerprint("tasks", asked) == fingerprint("tasks", reversed_)
    assert fingerprint(NativeRef("north", "1")) != fingerprint(FlowRef("north", "1"))
    assert fingerprint("a", None) != fingerprint(None, "a")


def rows(source: str) -> list[Any]:
    chance = random.Random(source)
    return [
        task(
            source,
            str(chance.randrange(10**15, 10**16)),
            owner=chance.choice([None, "alice"]),
            due_at=later(seconds=chance.randrange(10**6)) if number % 3 else None,
            created_at=later(seconds=-chance.randrange(10**6)),
        )
        for number in range(60)
    ]


OTHERWISE: dict[str, Callable[[TaskListRequest], TaskListRequest]] = {
    "filter": lambda asked: structs.replace(asked, filter=TaskFilter(states=frozenset({TaskState.READY}))),
    "nested filter": lambda asked: structs.replace(asked, filter=TaskFilter(all_of=(asked.filter,))),
    "order": lambda asked: structs.replace(asked, order=(SortKey(TaskOrderField.TITLE),)),
    "direction of a key": lambda asked: structs.replace(
        asked, order=(SortKey(TaskOrderField.DUE_AT, SortDirection.DESC),)
    ),
    "scope": lambda asked: structs.replace(asked, scope=InboxScope.MY_GROUPS),
}
ASKED = TaskListRequest(
    filter=TaskFilter(priorities=frozenset(TaskPriority), none_of=TaskFilter(text="x")),
    order=(SortKey(TaskOrderField.DUE_AT),),
    first=5,
)


@pytest.mark.parametrize("what", [*OTHERWISE, "person"])
async def test_a_cursor_fits_one_list_of_one_person(what: str) -> None:
    """Another filter, order, scope or person is refused before any source is called."""
    connector = ListingConnector(TEN[0], [structs.replace(one, priority=TaskPriority.HIGH) for one in rows(TEN[0])])
    sources = federation(connector, people=[ADMIN, ALICE])
    page = await sources.list_tasks(ADMIN, ASKED)
    cursor, before = page.edges[2].cursor(), connector.lists
    caller: Caller = ALICE if what == "person" else ADMIN
    request = structs.replace(ASKED, after=cursor, fresh=True)
    if what in OTHERWISE:
        request = OTHERWISE[what](request)

    with pytest.raises(InputError):
        await sources.list_tasks(caller, request)
    assert before == connector.lists


async def test_a_cursor_fits_another_page_size_and_an_equal_filter() -> None:
    """`first`, freshness, count and direction may change. The order of a set does not matter."""
    sources = federation(ListingConnector(TEN[0], rows(TEN[0])), people=[ADMIN])
    order = (SortKey(TaskOrderField.CREATED_AT),)
    states = [TaskState.READY, TaskState.RESERVED, TaskState.SUSPENDED]
    asked = TaskListRequest(filter=TaskFilter(states=frozenset(states)), order=order, first=5)
    page = await sources.list_tasks(ADMIN, asked)
    said = TaskListRequest(
        filter=TaskFilter(states=frozenset(reversed(states))),
        order=order,
        first=2,
        after=page.edges[2].cursor(),
        backward=True,
        fresh=True,
        count=False,
    )
    before = await sources.list_tasks(ADMIN, said)

    assert [edge.task for edge in page.edges[:2]] == [edge.task for edge in before.edges]


@pytest.mark.slow
async def test_a_cursor_over_ten_systems_is_at_most_2_kilobytes() -> None:
    """Sixty streams with long native ids: three disjuncts and two null partitions for each system."""
    sources = federation(*(ListingConnector(key, rows(key)) for key in TEN), people=[ALICE])
    after, longest = None, 0
    for _ in range(30):
        page = await sources.list_tasks(ALICE, TaskListRequest(first=10, after=after))
        after = page.edges[-1].cursor()
        longest = max(longest, len(after))

    assert 800 < longest <= 2048


async def test_a_cursor_whose_row_is_gone_resumes_at_its_place() -> None:
    """Also when all rows around it are gone."""
    connector = ListingConnector(TEN[0], rows(TEN[0]))
    sources = federation(connector, people=[ADMIN])
    page = await sources.list_tasks(ADMIN, TaskListRequest(first=20))
    rest = await sources.list_tasks(ADMIN, TaskListRequest(first=100, after=page.edges[9].cursor()))
    for edge in page.edges:
        del connector.held[edge.task.native_id]
    request = TaskListRequest(first=100, after=page.edges[9].cursor(), fresh=True)
    later_on = await sources.list_tasks(ADMIN, request)

    assert [edge.task.native_id for edge in rest.edges[10:]] == [edge.task.native_id for edge in later_on.edges]
