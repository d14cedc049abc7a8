"""Rows that do not fit the vendor's documentation. Each costs itself, not the list or the record that it is in.

A list leaves them out and counts them (`decode_rows`, `Page.odd`). A task is still found by its id (`readable_task`). A
part of a detail shows what it can read of its rows (`readable_rows`).
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from hashlib import blake2b
from typing import Generic, TypeVar

from msgspec import Raw, Struct
from msgspec.structs import replace

from connectors.sdk.errors import MalformedResponseError
from connectors.sdk.json import WHOLE, Decoded, decode_record
from connectors.sdk.model import UNREADABLE, Flow, FlowState, Task, TaskState

T = TypeVar("T")


class OddRow(Struct, frozen=True, kw_only=True):
    """A row that is left out of a list.

    `key` differs for different rows. `members` are the vendor's names of what does not fit. `task` is the readable part of
    a task whose people (owner, candidates) can all be read; without it the row may be a task of any person.
    """

    key: str
    members: tuple[str, ...]
    task: Task | None = None


class DecodedRows(Struct, Generic[T], frozen=True):
    """The rows of one answer, each with its bytes; those in `odd` do not fit."""

    rows: list[tuple[T, Raw]]
    odd: tuple[OddRow, ...] = ()

    def __len__(self) -> int:
        """All rows of the answer."""
        return len(self.rows) + len(self.odd)

    @property
    def records(self) -> list[T]:
        return [record for record, _ in self.rows]


def decode_rows(
    raws: Iterable[Raw],
    read: Callable[[Raw], Decoded[T]],
    *,
    as_task: Callable[[T, Raw], Task] | None = None,
    people: Collection[str] = (),
) -> DecodedRows[T]:
    """The rows of an answer, each decoded by `read`. For `as_task` and `people` see `split_rows`."""
    return split_rows(((read(raw), raw) for raw in raws), as_task=as_task, people=people)


def split_rows(
    decoded: Iterable[tuple[Decoded[T], Raw]],
    *,
    as_task: Callable[[T, Raw], Task] | None = None,
    people: Collection[str] = (),
) -> DecodedRows[T]:
    """The rows that fit, and the odd ones.

    `as_task` maps the record of a task. `people` are the members that name its owner and candidates.
    """
    rows: list[tuple[T, Raw]] = []
    odd: list[OddRow] = []
    copies: Counter[str] = Counter()
    for found, raw in decoded:
        if found.record is not None and not found.odd:
            rows.append((found.record, raw))
            continue
        key = blake2b(raw, digest_size=9).hexdigest()
        if found.record is None:
            # Equal rows without an id are not the same row.
            copies[key] += 1
            key = f"{key}:{copies[key]}"
        task = None
        if as_task is not None and found.record is not None and not set(found.odd) & set(people):
            task = unreadable(as_task(found.record, raw))
        odd.append(OddRow(key=key, members=found.odd, task=task))
    return DecodedRows(rows, tuple(odd))


def readable_rows(raws: Iterable[Raw], type_: type[T]) -> list[T]:
    """The records as far as they can be read. One that lacks a member without a default is left out."""
    found = (decode_record(raw, type_).record for raw in raws)
    return [record for record in found if record is not None]


def unreadable(task: Task) -> Task:
    """The task in state UNKNOWN. No candidates that could be read does not mean that there are none."""
    return replace(
        task,
        state=TaskState.UNKNOWN,
        rule=UNREADABLE,
        state_reason="UNREADABLE",
        pending_transition=None,
        candidate_users=task.candidate_users or None,
        candidate_groups=task.candidate_groups or None,
    )


def readable_task(
    found: Decoded[T],
    as_task: Callable[[T], Task],
    *,
    source: str,
    native_id: str,
    fetched_at: datetime,
    payload: Raw | None = None,
) -> Task:
    """The task that was asked for by its id: in state UNKNOWN if its record can be read in part only.

    MalformedResponseError if the answer is no record at all.
    """
    if found.record is not None:
        task = as_task(found.record)
        return unreadable(task) if found.odd else task
    if found.odd == (WHOLE,):
        raise MalformedResponseError("the record of a task does not fit the vendor's documentation")
    return Task(
        source=source,
        native_id=native_id,
        title=native_id,
        state=TaskState.UNKNOWN,
        rule=UNREADABLE,
        state_reason="UNREADABLE",
        fetched_at=fetched_at,
        payload=payload,
    )


def readable_flow(flow: Flow, odd: Collection[str]) -> Flow:
    """The flow; in state UNKNOWN if a member of its record is odd."""
    return replace(flow, state=FlowState.UNKNOWN, rule=UNREADABLE) if odd else flow
