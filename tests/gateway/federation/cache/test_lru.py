"""The cache stays within its bounds; the least recently used entry is removed first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.federation.cache import Cache
from gateway.federation.cache.lru import AnswerStore, KeptAnswer
from tests.gateway.federation.cache.vendor import Vendor, ask, key_of
from tests.gateway.federation.cache.vendor import cache as make_cache
from tests.gateway.federation.cache.virtual_time import BEGINNING, VirtualTime

MAX_BYTES = 10_000
MAX_ENTRIES = 10


def answer(*, size: int, kept_until: float = 100.0) -> KeptAnswer:
    return KeptAnswer(
        value=None,
        requested_at=0.0,
        fetched_at=BEGINNING,
        fresh_until=kept_until,
        kept_until=kept_until,
        since=0,
        tags=frozenset(),
        bytes=size,
    )


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 2 * MAX_BYTES), st.floats(0, 200), st.floats(0, 5)), max_size=200
    )
)
def test_the_store_never_exceeds_its_bounds(puts: list[tuple[int, int, float, float]]) -> None:
    """In bytes and in entries, for any sequence of entries, while entries also expire."""
    now = 0.0
    store = AnswerStore(max_bytes=MAX_BYTES, max_entries=MAX_ENTRIES, monotonic=lambda: now)
    for key, size, kept_until, seconds in puts:
        now += seconds
        store.put(key_of(str(key)), answer(size=size, kept_until=kept_until))

        assert store.bytes <= MAX_BYTES
        assert len(store) <= MAX_ENTRIES
        assert len(store) == len(list(store.of("camunda")))


async def test_the_least_recently_used_entry_is_removed_first(time: VirtualTime, vendor: Vendor) -> None:
    """Not the oldest entry: an entry that is still requested stays."""
    cache = make_cache(time, max_entries=3)
    for key in "abc":
        await ask(cache, vendor, key_of(key))
    await ask(cache, vendor, key_of("a"))
    await ask(cache, vendor, key_of("d"))
    kept = [key for key in "abcd" if cache.peek(key_of(key)) is not None]
    await cache.aclose()

    assert ["a", "c", "d"] == kept


async def test_a_view_is_not_a_use(time: VirtualTime, vendor: Vendor) -> None:
    """The view of a source does not change the order of removal."""
    cache = make_cache(time, max_entries=2)
    await ask(cache, vendor, key_of("old"))
    await ask(cache, vendor, key_of("new"))
    cache.view("camunda")
    await ask(cache, vendor, key_of("newest"))
    kept = cache.peek(key_of("old"))
    await cache.aclose()

    assert None is kept


async def test_an_answer_too_large_for_the_cache_is_not_kept(time: VirtualTime, vendor: Vendor) -> None:
    """It would push out all other entries. The smaller entry that it replaces is removed too."""
    cache = make_cache(time, max_bytes=4000)
    await ask(cache, vendor, size=lambda _: 1000)
    await ask(cache, vendor, key_of("other"), size=lambda _: 1000)
    given_ = await ask(cache, vendor, fresh=True, size=lambda _: 1001)
    kept = (cache.peek(key_of()), getattr(cache.peek(key_of("other")), "value", None))
    await cache.aclose()

    assert ("answer 3", (None, "answer 2")) == (given_.value, kept)


async def test_an_unusable_entry_is_removed(time: VirtualTime, vendor: Vendor, cache: Cache) -> None:
    """An entry is unusable if it is neither fresh nor young enough to be returned for a failure."""
    await ask(cache, vendor, max_stale=60.0)
    await time.advance(59)
    before = len(cache._store)
    await time.advance(1)

    assert (1, 0, 0) == (before, len(cache._store), cache._store.bytes)
