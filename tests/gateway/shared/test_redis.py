"""State over a real Redis or Valkey, between replicas in one process."""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import anyio
import msgspec
import pytest

from gateway.shared import InvalidationLog, RateLimitState, WindowKey
from gateway.shared.redis import RedisInvalidationLog, RedisRateLimits
from gateway.shared.redis.engine import RedisEngine, open_redis
from gateway.shared.redis.slots import RedisSlotLog
from tests.engines import EngineServer, redis_server
from tests.gateway.shared.contract import LIST, TASK, InvalidationLogContract, SlotLogContract

pytestmark = [pytest.mark.server, pytest.mark.slow]

READS = WindowKey("camunda", "alice@example.com", "reads")
PATIENCE = 20.0


def tag_of(packed: bytes) -> tuple[str, ...]:
    return msgspec.msgpack.decode(packed, type=tuple[str, ...])


@pytest.fixture(scope="module")
def server() -> Iterator[EngineServer]:
    with redis_server() as running:
        yield running


def url(server: EngineServer) -> str:
    return f"redis://127.0.0.1:{server.port}/0"


async def until(is_so: Callable[[], object]) -> None:
    with anyio.fail_after(PATIENCE):
        while not is_so():  # noqa: ASYNC110 nothing tells of it
            await anyio.sleep(0.01)


def is_there(engine: RedisEngine) -> bool:
    return engine.away_since is None


_names = iter(range(1000))


@asynccontextmanager
async def replicas(server: EngineServer, count: int, *, name: str = "") -> AsyncIterator[list[RedisEngine]]:
    """Connected. Each call has keys of its own."""
    name = name or f"test{next(_names)}"
    async with AsyncExitStack() as stack:
        engines = [
            await stack.enter_async_context(open_redis(url(server), name=name, replicas=count)) for _ in range(count)
        ]
        for engine in engines:
            await until(partial(is_there, engine))
        yield engines


class TestRedisInvalidationLogAlone(InvalidationLogContract):
    """Without the engine."""

    @pytest.fixture
    def log(self) -> InvalidationLog:
        return RedisInvalidationLog(RedisEngine("redis://127.0.0.1:1", name="x", replicas=3), tag_of)


class TestRedisRateLimitsAlone(SlotLogContract):
    """Without the engine."""

    @pytest.fixture
    def rate_limits(self) -> RateLimitState:
        return RedisRateLimits(RedisEngine("redis://127.0.0.1:1", name="x", replicas=3, monotonic=lambda: 0.0))


async def test_a_write_is_known_to_all_replicas_when_it_is_published(server: EngineServer) -> None:
    """With the time for which answers may lack it."""
    async with replicas(server, 3) as engines:
        logs = [RedisInvalidationLog(engine, tag_of) for engine in engines]
        before = [log.number for log in logs]
        logs[0].invalidate([TASK], unsettled_until=time.monotonic() + 30)
        await logs[0].publish()

        assert [True] * 3 == [log.is_outdated(number, [TASK]) for log, number in zip(logs, before, strict=True)]
        assert [True] * 3 == [log.is_unsettled(time.monotonic() + 20, [TASK]) for log in logs]
        assert not logs[1].is_outdated(before[1], [LIST])
        assert not logs[1].is_outdated(logs[1].number, [TASK])


async def test_a_replica_that_may_have_missed_a_write_keeps_nothing(server: EngineServer) -> None:
    """Here a message was lost."""
    async with replicas(server, 2) as engines:
        one, two = (RedisInvalidationLog(engine, tag_of) for engine in engines)
        one.invalidate([TASK])
        await one.publish()
        before = two.number
        one._told += 1
        one.invalidate([TASK])
        await one.publish()

        assert two.is_outdated(before, [LIST])
        assert not two.is_outdated(two.number, [LIST])


async def test_without_the_engine_answers_are_kept_for_two_seconds() -> None:
    times = iter((0.0, 0.0, 1.9, 2.0))
    engine = RedisEngine("redis://127.0.0.1:1", name="x", replicas=3, monotonic=lambda: next(times, 2.1))
    log = RedisInvalidationLog(engine, tag_of)
    number = log.number
    found = [log.is_outdated(number, [TASK]) for _ in range(3)]
    await log.publish()

    assert [False, True, True] == found
    assert not log.is_outdated(log.number, [TASK])


async def use(log: RedisSlotLog, limit: int, *, seconds: float) -> bool:
    """A request, if there is a slot. Its answer comes at once."""
    if min(log.room(limit), log.allotted(limit, is_write=False)) <= 0:
        return False
    log.take()
    log.occupy_until(time.monotonic() + seconds)
    return True


async def test_replicas_use_a_limit_together(server: EngineServer) -> None:
    """All of it, and not more. The key of a person is not in the engine."""
    async with replicas(server, 3) as engines:
        logs = [RedisRateLimits(engine).slots(READS) for engine in engines]
        used = [0, 0, 0]
        idle_since = time.monotonic()
        while time.monotonic() < idle_since + 1.0:
            for number, log in enumerate(logs):
                if await use(log, 30, seconds=60):
                    used[number] += 1
                    idle_since = time.monotonic()
            await anyio.sleep(0.005)
        keys = [key async for key in engines[0]._client.scan_iter("*")]

        assert 30 == sum(used)
        assert min(used) >= 1
        # What is left, as each sees it, are the own slots of the other two.
        assert [2, 2, 2] == [log.room(30) for log in logs]
        assert all(log.closed_until > time.monotonic() + 10 for log in logs)
        assert not any(b"alice" in key for key in keys)


async def test_reserved_slots_that_are_not_used_go_back(server: EngineServer) -> None:
    """Also those of a request that was not sent."""
    async with replicas(server, 2) as engines:
        one, two = (RedisRateLimits(engine).slots(READS) for engine in engines)
        one.allotted(12, is_write=False)
        await until(lambda: one._reserved)
        one.take()
        one.give_back()
        await until(lambda: not one._reserved)
        used = 0
        with anyio.fail_after(PATIENCE):
            while used < 11:
                used += await use(two, 12, seconds=60)
                await anyio.sleep(0.005)

        assert 1 == one._own(12, time.monotonic())


async def test_a_pause_is_kept_by_all_replicas(server: EngineServer) -> None:
    """Also by one that begins later."""
    async with replicas(server, 2, name="pauses") as engines:
        one, two = (RedisRateLimits(engine).slots(READS) for engine in engines)
        until_then = time.monotonic() + 40
        one.pause(until_then)
        await until(lambda: two.paused_until > 0)
        async with replicas(server, 1, name="pauses") as later:
            third = RedisRateLimits(later[0]).slots(READS)
            third.allotted(30, is_write=False)
            await until(lambda: third.paused_until > 0)

            assert abs(two.paused_until - until_then) < 5
            assert abs(third.paused_until - until_then) < 5


def alone(now: Callable[[], float], *, replicas: int, limit: int) -> tuple[RedisSlotLog, int]:
    engine = RedisEngine("redis://127.0.0.1:1", name="x", replicas=replicas, monotonic=now)
    return RedisRateLimits(engine).slots(READS, seconds=60), limit


def test_without_the_engine_a_replica_uses_its_own_slot_then_its_share() -> None:
    """After a full window, in which all that others sent through the engine is over."""
    now = 0.0
    log, limit = alone(lambda: now, replicas=3, limit=30)
    found = [log.allotted(limit, is_write=False)]
    log.take()
    log.occupy_until(60.0)
    found.append(log.allotted(limit, is_write=True))
    now = 63.0
    log.expire(now)
    found.append(log.allotted(limit, is_write=False))
    for _ in range(10):
        log.take()
        log.occupy_until(now + 60)
    found.append(log.allotted(limit, is_write=False))

    assert [1, 0, 10, 0] == found
    assert log._engine.went_on_alone


def test_a_limit_below_the_number_of_replicas_is_used_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three replicas with one request a minute each has a turn in six minutes; no two turns lie within a minute."""
    date = 0.0
    monkeypatch.setattr(time, "time", lambda: date)
    turns = []
    logs = [alone(lambda: 100.0, replicas=3, limit=1)[0] for _ in range(3)]
    for number, log in enumerate(logs):
        log._engine.away_since, log._engine.number = 0.0, number
    for minute in range(0, 720, 10):
        date = float(minute)
        turns += [(date, number) for number, log in enumerate(logs) if log.allotted(1, is_write=False) > 0]

    assert {0, 1, 2} == {number for _, number in turns}
    assert all(abs(at - other) > 60 for at, number in turns for other, another in turns if number != another)


async def test_after_a_restart_of_the_engine_a_window_is_closed() -> None:
    """It has forgotten what was sent. The replicas' own slots remain. Answers that are kept are outdated."""
    with redis_server() as server:
        async with replicas(server, 2) as engines:
            log = RedisRateLimits(engines[0]).slots(READS, seconds=3)
            answers = RedisInvalidationLog(engines[0], tag_of)
            number = answers.number
            log.allotted(30, is_write=False)
            await until(lambda: log._reserved)
            server.kill()
            await until(lambda: all(engine.away_since is not None for engine in engines))
            server.start()
            await until(lambda: all(engine.away_since is None for engine in engines))
            back = time.monotonic()
            own = log.allotted(30, is_write=False)
            await until(lambda: log.closed_until > time.monotonic())
            await until(lambda: log.allotted(30, is_write=False) > own)
            closed = time.monotonic() - back

    assert 1 == own
    assert closed > 2
    assert answers.is_outdated(number, [LIST])
