"""What an operation was answered from is known by the marks of kept answers."""

from datetime import UTC, datetime, timedelta

from gateway.federation.cache import SERVICE, Cache, CacheKey, Kind, Parts, Tag
from gateway.shared.memory import memory_state
from tests.schema.fake_federation import a_task

KEY = CacheKey("c8", SERVICE, "list tasks", ())
ABOUT = Tag("c8", Kind.TASK_LIST)
NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def made(clock: Clock) -> Cache:
    return Cache(
        max_bytes=1_000_000, max_entries=16, log=memory_state().invalidations, monotonic=clock, now=lambda: NOW
    )


async def read(cache: Cache, value: int, *, fresh: bool = False) -> object:
    async def fetch() -> int:
        return value

    await cache.get_or_fetch(KEY, fetch, ttl=lambda _: 10.0, tags=[ABOUT], max_stale=60.0, fresh=fresh)
    return cache.mark(KEY)


async def test_a_kept_answer_has_one_mark_while_it_is_fresh() -> None:
    clock = Clock()
    cache = made(clock)
    assert cache.mark(KEY) is None
    first = await read(cache, 1)
    assert first is not None

    clock.seconds = 9.9
    assert await read(cache, 2) is first
    clock.seconds = 10.0
    assert cache.mark(KEY) is None


async def test_a_newer_answer_has_another_mark_even_if_it_says_the_same() -> None:
    clock = Clock()
    cache = made(clock)
    first = await read(cache, 1)
    clock.seconds = 1.0

    assert await read(cache, 1, fresh=True) not in (None, first)


async def test_a_write_takes_the_mark_when_it_begins_and_does_not_give_it_back() -> None:
    cache = made(Clock())
    await read(cache, 1)
    async with cache.writing([ABOUT]):
        assert cache.mark(KEY) is None

    assert cache.mark(KEY) is None


async def test_a_write_that_was_not_sent_gives_it_back() -> None:
    cache = made(Clock())
    first = await read(cache, 1)
    async with cache.writing([ABOUT]) as pending:
        pending.not_sent()

    assert cache.mark(KEY) is first


def test_one_question_with_two_answers_spoils_the_whole() -> None:
    parts, mark = Parts(), object()
    parts.note(KEY, mark)
    parts.note(KEY, mark)
    assert parts.is_whole
    parts.note(KEY, object())

    assert not parts.is_whole


def test_the_next_due_time_is_the_earliest_that_lies_ahead() -> None:
    parts = Parts()
    times = [NOW - timedelta(1), NOW + timedelta(2), NOW + timedelta(1), None]
    parts.note_shown([a_task(str(number), due_at=due) for number, due in enumerate(times)], NOW)

    assert parts.due_at == NOW + timedelta(1)
    assert len(parts.shown) == 4
