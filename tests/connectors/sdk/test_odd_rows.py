"""Records that are decoded member by member where the whole does not fit."""

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest
from msgspec import Raw, Struct

from connectors.sdk.detail_parts import DetailParts
from connectors.sdk.errors import MalformedResponseError, UnavailableError
from connectors.sdk.json import WHOLE, Decoded, convert_record, decode_record
from connectors.sdk.model import DetailAspect, Task, TaskState, UserRef
from connectors.sdk.odd_rows import decode_rows, readable_rows, readable_task

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)


class Row(Struct, frozen=True, kw_only=True, rename="camel"):
    row_id: str
    owner_name: str | None = None
    count: int = 0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"rowId": "1", "ownerName": "a", "more": []}, Decoded(Row(row_id="1", owner_name="a"))),
        ({"rowId": "1", "ownerName": 5, "count": 2}, Decoded(Row(row_id="1", count=2), ("ownerName",))),
        ({"rowId": "1", "ownerName": [], "count": "2"}, Decoded(Row(row_id="1"), ("ownerName", "count"))),
        ({"rowId": 1, "count": 2}, Decoded(None, ("rowId",))),
        ({"count": 2}, Decoded(None, ("rowId",))),
        ({}, Decoded(None, (WHOLE,))),
        (None, Decoded(None, (WHOLE,))),
        ("rowId", Decoded(None, (WHOLE,))),
        ([1], Decoded(None, (WHOLE,))),
    ],
)
def test_a_record_is_read_as_far_as_it_fits(value: object, expected: Decoded[Row]) -> None:
    """From bytes, and from values that are read already."""
    assert expected == decode_record(msgspec.json.encode(value), Row)
    assert expected == convert_record(value, Row)


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 5000, b'{"rowId":"\xff"}', b'{"rowId":"1","count":1e9999999999}'])
def test_bytes_that_are_no_json_are_no_exception(body: bytes) -> None:
    """Of a record within an answer only the end was found so far."""
    assert decode_record(body, Row).odd


def test_a_use_needs_its_own_members_only() -> None:
    """The error names members and no values."""
    found = decode_record(b'{"rowId":"1","ownerName":["secret"]}', Row)

    assert "1" == found.needing("rowId", "count").row_id == found.except_for("ownerName").require().row_id
    asks: tuple[Callable[[], Row], ...] = (lambda: found.needing("ownerName"), found.require)
    for ask in asks:
        with pytest.raises(MalformedResponseError, match=r"\(ownerName\)") as caught:
            ask()
        assert "secret" not in str(caught.value)


def task_of(row: Row) -> Task:
    owners = () if row.owner_name is None else (UserRef(native_id=row.owner_name),)
    return Task(
        source="s", native_id=row.row_id, title="T", state=TaskState.READY, rule="r", fetched_at=NOW, assignees=owners
    )


def test_rows_are_split() -> None:
    """A row that can be read in part has one key wherever it comes; rows without an id have one each."""
    bodies = (b'{"rowId":"1"}', b"null", b'{"rowId":"2","count":"x"}', b"null", b'{"rowId":"3","ownerName":5}')
    found = decode_rows(
        [Raw(each) for each in (*bodies, bodies[2])],
        lambda raw: decode_record(raw, Row),
        as_task=lambda row, _: task_of(row),
        people={"ownerName"},
    )

    assert ["1"] == [row.row_id for row in found.records]
    assert (6, 4) == (len(found), len({row.key for row in found.odd}))
    assert [None, "2", None, None, "2"] == [row.task and row.task.native_id for row in found.odd]
    assert ["1", "2", "2", "3"] == sorted(
        row.row_id for row in readable_rows([Raw(each) for each in (*bodies, bodies[2])], Row)
    )


def test_a_task_by_id_is_unknown_where_its_record_does_not_fit() -> None:
    """An answer that is no record is an error."""

    def read(body: bytes) -> Task:
        return readable_task(decode_record(body, Row), task_of, source="s", native_id="7", fetched_at=NOW)

    assert [TaskState.READY, TaskState.UNKNOWN, TaskState.UNKNOWN] == [
        read(body).state for body in (b'{"rowId":"7"}', b'{"rowId":"7","count":"x"}', b'{"rowId":7,"ownerName":"a"}')
    ]
    assert ("7", ()) == (read(b'{"rowId":7,"ownerName":"a"}').native_id, read(b'{"count":1}').assignees)
    with pytest.raises(MalformedResponseError):
        read(b"null")


async def test_an_aspect_fails_alone() -> None:
    """Unless it is the only one, or the vendor does not answer at all."""

    async def fails(error: Exception) -> str:
        raise error

    async def works() -> str:
        return "form"

    both = DetailParts({DetailAspect.FORM, DetailAspect.DATA})
    form = await both.read(DetailAspect.FORM, works)
    data = await both.read(DetailAspect.DATA, lambda: fails(MalformedResponseError("no data")))
    comments = await both.read(DetailAspect.COMMENTS, lambda: fails(AssertionError("not asked for")))
    alone = DetailParts({DetailAspect.DATA})
    await alone.read(DetailAspect.DATA, lambda: fails(MalformedResponseError("no data")))

    assert ("form", None, None, [DetailAspect.DATA]) == (form, data, comments, list(both.failures()))
    with pytest.raises(MalformedResponseError):
        alone.failures()
    with pytest.raises(UnavailableError):
        await both.read(DetailAspect.FORM, lambda: fails(UnavailableError("down")))
