"""Whole answers are given again as long as all that they rest on stands."""

from collections.abc import Hashable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.sdk.caller import TASK_ADMIN, Caller, Identity
from connectors.sdk.model import TaskRef
from gateway.federation.cache import SERVICE, CacheKey, Marks
from gateway.http.kept_answers import LARGEST, KeptAnswers, Key
from tests.schema.fake_federation import a_task

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
QUESTION = CacheKey("c8", SERVICE, "list tasks", ())
MARK = object()
ALICE = Caller(key="alice", name="Alice", identities={"c8": Identity(native_id="a")})


class FakeBasis:
    def __init__(self) -> None:
        self.mark: object = MARK
        self.stands: Hashable = 1
        self.until = float("inf")
        self.is_awaited = False
        self.shown: list[TaskRef] = []

    def standing(self) -> Hashable:
        return self.stands

    def settles_at(self) -> float:
        return self.until

    def rests_on(self, marks: Marks) -> bool:
        return all(self.mark is mark for mark in marks.values())

    def awaits(self, caller: Caller) -> bool:
        return self.is_awaited

    def note_shown_again(self, caller: Caller, tasks: Sequence[TaskRef]) -> None:
        self.shown.extend(tasks)


class Kept:
    """One store over one basis, with a clock."""

    def __init__(self, **more: Any) -> None:
        self.basis = FakeBasis()
        self.seconds = 0.0
        self.answers = KeptAnswers(
            lambda: self.basis,
            monotonic=lambda: self.seconds,
            now=lambda: NOW + timedelta(seconds=self.seconds),
            **more,
        )

    def key(self, caller: Caller = ALICE, token: str | None = None, request: bytes = b"{}") -> Key:
        return self.answers.key(caller, token, request)

    def make(self, key: Key, data: bytes = b"{}", **task: Any) -> bool:
        """The second time, so that it is kept. Whether it was to be kept at all."""
        self.answers.begin(key)
        keeping = self.answers.begin(key)
        assert keeping is not None
        keeping.parts.note(QUESTION, self.basis.mark)
        keeping.parts.note_shown([a_task("1", **task)], NOW)
        self.answers.keep(key, keeping, data, caller=ALICE, cost=1, name="Inbox")
        return self.found(key)

    def found(self, key: Key, caller: Caller = ALICE) -> bool:
        return self.answers.find(key, caller) is not None


@pytest.fixture
def kept() -> Kept:
    return Kept()


def test_an_answer_is_given_again_and_its_tasks_count_as_shown(kept: Kept) -> None:
    assert kept.make(kept.key(), b'{"a":1}')

    found = kept.answers.find(kept.key(), ALICE)
    assert found is not None
    assert found.data == b'{"a":1}'
    assert kept.basis.shown == [TaskRef("c8", "1")] * 2


def test_a_request_that_comes_once_is_not_kept(kept: Kept) -> None:
    assert kept.answers.begin(kept.key()) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda kept: setattr(kept.basis, "mark", object()),
        lambda kept: setattr(kept.basis, "mark", None),
        lambda kept: setattr(kept.basis, "stands", 2),
        lambda kept: setattr(kept.basis, "is_awaited", True),
    ],
    ids=["another answer of the source", "none that is fresh", "people or own writes changed", "the person is awaited"],
)
def test_an_answer_ends_with_what_it_rests_on(kept: Kept, change: Any) -> None:
    assert kept.make(kept.key())
    change(kept)

    assert not kept.found(kept.key())


def test_an_answer_ends_when_a_task_of_it_is_due(kept: Kept) -> None:
    assert kept.make(kept.key(), due_at=NOW + timedelta(seconds=5))
    kept.seconds = 5.0
    assert kept.found(kept.key())
    kept.seconds = 5.001

    assert not kept.found(kept.key())


def test_an_answer_ends_when_an_own_write_counts_as_readable(kept: Kept) -> None:
    kept.basis.until = 5.0
    assert kept.make(kept.key())
    kept.seconds = 5.0

    assert not kept.found(kept.key())


@pytest.mark.parametrize(
    "other",
    [
        Caller(key="alice", name="Alice", roles=frozenset({TASK_ADMIN}), identities=ALICE.identities),
        Caller(key="alice", name="Alice", groups=("office",), identities=ALICE.identities),
        Caller(key="alice", name="Alice", identities={"c8": Identity(native_id="b")}),
        Caller(key="alice", name="Alice", issuer="other", identities=ALICE.identities),
    ],
    ids=["roles", "groups", "identity", "issuer"],
)
def test_the_same_key_with_other_rights_gets_no_kept_answer(kept: Kept, other: Caller) -> None:
    assert kept.make(kept.key())

    assert not kept.found(kept.key(other), other)


def test_another_person_token_or_request_is_another_answer(kept: Kept) -> None:
    bob = Caller(key="bob", name="Bob", identities={})
    assert kept.make(kept.key(token="one"))

    assert kept.found(kept.key(token="one"))
    assert not kept.found(kept.key(token="two"))
    assert not kept.found(kept.key())
    assert not kept.found(kept.key(token="one", request=b"{ }"))
    assert not kept.found(kept.key(bob, token="one"), bob)
    assert "one" not in repr(kept.key(token="one"))


def test_an_answer_of_which_something_is_not_kept_is_not_kept(kept: Kept) -> None:
    key = kept.key()
    kept.answers.begin(key)
    keeping = kept.answers.begin(key)
    assert keeping is not None
    keeping.parts.spoil()
    kept.answers.keep(key, keeping, b"{}", caller=ALICE, cost=1, name=None)

    assert not kept.found(key)


def test_an_answer_during_which_something_changed_is_not_kept(kept: Kept) -> None:
    key = kept.key()
    kept.answers.begin(key)
    keeping = kept.answers.begin(key)
    assert keeping is not None
    kept.basis.stands = 2
    kept.answers.keep(key, keeping, b"{}", caller=ALICE, cost=1, name=None)

    assert not kept.found(key)


def test_memory_is_bounded_and_the_oldest_go_first() -> None:
    kept = Kept(most_bytes=300_000)
    keys = [kept.key(request=b"%d" % number) for number in range(3)]
    for key in keys:
        assert kept.make(key, b" " * 120_000)

    assert [kept.found(key) for key in keys] == [False, True, True]
    assert kept.answers.bytes <= 300_000


def test_a_huge_answer_is_not_kept(kept: Kept) -> None:
    assert not kept.make(kept.key(), b" " * (LARGEST + 1))
    assert kept.answers.bytes == 0
