"""What is kept stays within its bounds, and the longest unused goes first."""

import tracemalloc
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sdk.errors import UnavailableError
from connectors.sdk.model import Task, TaskState, UserRef
from gateway.federation.cache import Cache
from gateway.federation.cache.lru import Entry, Store
from gateway.federation.cache.size import ENTRY, weight
from tests.gateway.federation.cache.vendor import Vendor, ask, question
from tests.gateway.federation.cache.vendor import cache as make_cache
from tests.gateway.federation.cache.virtual_time import BEGINNING, VirtualTime

MOST_BYTES = 10_000
MOST_ENTRIES = 10


def entry(*, size: int, kept_until: float = 100.0) -> Entry:
    return Entry(
        value=None,
        asked_at=0.0,
        fetched_at=BEGINNING,
        fresh_until=kept_until,
        kept_until=kept_until,
        since=0,
        tags=frozenset(),
        bytes=size,
    )


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 2 * MOST_BYTES), st.floats(0, 200), st.floats(0, 5)), max_size=200
    )
)
def test_the_store_never_exceeds_its_bounds(puts: list[tuple[int, int, float, float]]) -> None:
    """Whatever comes in, in bytes and in entries, while entries also expire."""
    now = 0.0
    store = Store(most_bytes=MOST_BYTES, most_entries=MOST_ENTRIES, monotonic=lambda: now)
    for key, size, kept_until, seconds in puts:
        now += seconds
        store.put(question(str(key)), entry(size=size, kept_until=kept_until))

        assert store.bytes <= MOST_BYTES
        assert len(store) <= MOST_ENTRIES
        assert len(store) == len(list(store.of("camunda")))


async def test_the_longest_unused_goes_first(time: VirtualTime, vendor: Vendor) -> None:
    """Not the oldest: what is asked for stays."""
    cache = make_cache(time, most_entries=3)
    for key in "abc":
        await ask(cache, vendor, question(key))
    await ask(cache, vendor, question("a"))
    await ask(cache, vendor, question("d"))
    kept = [key for key in "abcd" if cache.kept(question(key)) is not None]
    await cache.aclose()

    assert ["a", "c", "d"] == kept


async def test_looking_at_the_cache_is_no_use_of_it(time: VirtualTime, vendor: Vendor) -> None:
    """The view of a source leaves the order of eviction alone."""
    cache = make_cache(time, most_entries=2)
    await ask(cache, vendor, question("old"))
    await ask(cache, vendor, question("new"))
    cache.view("camunda")
    await ask(cache, vendor, question("newest"))
    kept = cache.kept(question("old"))
    await cache.aclose()

    assert None is kept


async def test_an_answer_too_heavy_for_the_cache_is_given_and_not_kept(time: VirtualTime, vendor: Vendor) -> None:
    """It would push out everything else; the lighter one that it replaces goes too."""
    cache = make_cache(time, most_bytes=4000)
    await ask(cache, vendor, weigh=lambda _: 1000)
    await ask(cache, vendor, question("other"), weigh=lambda _: 1000)
    given_ = await ask(cache, vendor, fresh=True, weigh=lambda _: 1001)
    kept = (cache.kept(question()), getattr(cache.kept(question("other")), "value", None))
    await cache.aclose()

    assert ("answer 3", (None, "answer 2")) == (given_.value, kept)


async def test_what_may_no_longer_be_given_takes_no_room(time: VirtualTime, vendor: Vendor, cache: Cache) -> None:
    """An entry ends when it is neither fresh nor young enough to stand in for a failure."""
    await ask(cache, vendor, max_stale=60.0)
    await time.advance(59)
    before = len(cache._store)
    await time.advance(1)

    assert (1, 0, 0) == (before, len(cache._store), cache._store.bytes)


def test_the_weight_of_tasks_is_near_what_they_take() -> None:
    """Between once and five times the memory that Python says it took."""

    def tasks() -> list[Task]:
        return [
            Task(
                source="camunda",
                native_id=f"225179981{number:07}",
                title=f"Approve the invoice {number} of Müller & Söhne",
                state=TaskState.READY,
                rule="created",
                fetched_at=datetime(2026, 6, 15, tzinfo=UTC) + timedelta(seconds=number),
                due_at=datetime(2026, 6, 15, tzinfo=UTC) + timedelta(minutes=number),
                assignees=(UserRef(native_id=f"user {number}", name=f"Person {number}"),),
            )
            for number in range(1000)
        ]

    tasks()
    tracemalloc.start()
    held = tasks()
    took, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert took <= weight(held) <= 5 * took


@pytest.mark.parametrize(
    "value",
    [
        None,
        2**70,
        "\ud800",
        {"partial": UnavailableError("cut off")},
        MappingProxyType({"a": 1}),
        frozenset({"a"}),
        {("a", 1): [object()]},
    ],
)
def test_everything_has_a_weight(value: object) -> None:
    """Also what no format can hold."""
    assert ENTRY < weight(value) < ENTRY + 1000


def test_a_heavy_answer_weighs_more_than_a_light_one() -> None:
    """A million letters count as such wherever they stand."""
    assert weight({"data": [{"text": "x" * 1_000_000}]}) > 1_000_000
