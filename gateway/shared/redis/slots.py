"""Rate limit windows that all replicas use together.

The limit has two parts. A slot of each replica is its own, for the case that the engine is away: together they are at most half
of the limit. The rest is the pool: a replica reserves a few slots of it in the engine when it needs them, and gives back
those that it does not use within KEEP seconds.

While the engine is away, a replica uses its reserved slots and its own one; after a full window, in which all that others sent
through the engine is over, its share of the limit. When the engine is back and may not know all that was sent, the
pool stays closed for one window.
"""

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from gateway.shared.memory import MemorySlotLog
from gateway.shared.port import WindowKey
from gateway.shared.redis import scripts
from gateway.shared.redis.engine import Command, Message, RedisEngine

# Seconds for which a reserved slot waits for its use; that a request may take; and after which the pool is asked again at least.
KEEP = 1.0
LONGEST_REQUEST = 30.0
LEAST_WAIT = 0.02
# Beyond the window, for requests that others had under way when the engine went away.
STRAGGLERS = 2.0
MOST_AT_ONCE = 8


class RedisSlotLog(MemorySlotLog):
    def __init__(self, engine: RedisEngine, key: WindowKey, seconds: float, has_room: Callable[[], None]) -> None:
        super().__init__()
        # Keys of people do not go to the engine.
        self.name = hashlib.sha256(msgspec.msgpack.encode(key)).hexdigest()[:32]
        self.closed_until = -math.inf
        self._engine, self._seconds, self._has_room = engine, seconds, has_room
        self._is_of_one_kind = key.name in {"reads", "writes"}
        self._asked: int | None = None
        self._is_asking = False
        self._numbers = 0
        # Slots of the pool: reserved at that time, and those of running requests.
        self._reserved: list[tuple[float, str]] = []
        self._running: list[str] = []
        # Requests without a slot of the pool: running, and until when they count.
        self._own_running = 0
        self._own_ends: list[float] = []
        self._elsewhere, self._told_at = 0, -math.inf

    def room(self, limit: int) -> int:
        return super().room(limit) - self.elsewhere

    @property
    def elsewhere(self) -> int:
        return self._elsewhere if self._engine.monotonic() < self._told_at + self._seconds else 0

    @property
    def is_shared(self) -> bool:
        return True

    def allotted(self, limit: int, *, is_write: bool) -> int:
        now = self._engine.monotonic()
        own = self._own(limit, now)
        if self._engine.away_since is None:
            if not self._reserved and now >= self.closed_until:
                self._ask(limit)
            # Where the vendor counts both together, lists leave it to mutations.
            return len(self._reserved) + (own if is_write or self._is_of_one_kind else 0)
        self._reserved = [one for one in self._reserved if now < one[0] + KEEP]
        away = now - self._engine.away_since
        if self._reserved or away < self._seconds + STRAGGLERS:
            return len(self._reserved) + own
        return self._share(limit, now)

    def take(self) -> None:
        super().take()
        if self._reserved:
            self._running.append(self._reserved.pop(0)[1])
            return
        self._own_running += 1
        away_since = self._engine.away_since
        if away_since is not None and self._engine.monotonic() >= away_since + self._seconds:
            self._engine.went_on_alone = True

    def give_back(self) -> None:
        super().give_back()
        if self._running:
            self._reserved.append((self._engine.monotonic(), self._running.pop()))
        else:
            self._own_running -= 1

    def occupy_until(self, at: float) -> None:
        super().occupy_until(at)
        if not self._running:
            self._own_running -= 1
            self._own_ends.append(at)
            return
        left = max(1, math.ceil((at - self._engine.monotonic()) * 1000))
        self._engine.post(Command(scripts.CONFIRM, (self._key("slots"),), (self._running.pop(0), left)))

    def pause(self, until: float) -> None:
        left = until - self._engine.monotonic()
        if left > 0 and until > self.paused_until:
            self._engine.post(Command(scripts.PAUSE, (self._key("pause"),), (math.ceil(left * 1000),)))
            self._engine.answer(["pause", self.name, left])
        super().pause(until)

    def pause_from_elsewhere(self, seconds: float) -> None:
        super().pause(self._engine.monotonic() + seconds)

    def commands(self, now: float) -> Sequence[Command]:
        """For the next exchange: what is not used is given back, what is needed is asked for."""
        late = [name for at, name in self._reserved if now >= at + KEEP]
        found: list[Command] = []
        if late:
            self._reserved = [one for one in self._reserved if one[1] not in late]
            found.append(Command(scripts.RELEASE, (self._key("slots"),), tuple(late)))
        if self._asked is not None and not self._is_asking:
            found.append(self._reserve(self._asked))
        return found

    def returned(self) -> None:
        """A new connection: the engine may have forgotten what was reserved."""
        left = tuple(name for _, name in self._reserved)
        self._reserved, self._is_asking, self._asked, self.closed_until = [], False, None, -math.inf
        if left:
            self._engine.post(Command(scripts.RELEASE, (self._key("slots"),), left))
        self._has_room()

    def _own(self, limit: int, now: float) -> int:
        self._own_ends = [at for at in self._own_ends if at > now]
        return max(0, self._slice(limit) - self._own_running - len(self._own_ends))

    def _slice(self, limit: int) -> int:
        """Slots that are this replica's own."""
        return 1 if limit >= 2 * self._engine.replicas else 0

    def _share(self, limit: int, now: float) -> int:
        share = limit // self._engine.replicas
        if share:
            return share - self.in_flight - len(self.ends)
        if self._engine.number is None or self.in_flight or self.ends:
            return 0
        # In turn, each in the first half of two windows, so that a whole one lies between them.
        turns = math.ceil(self._engine.replicas / limit)
        turn, part = divmod(time.time(), 2 * self._seconds)
        return 1 if turn % turns == self._engine.number % turns and part < self._seconds / 2 else 0

    def _ask(self, limit: int) -> None:
        self._asked = limit
        self._engine.wake()

    def _reserve(self, limit: int) -> Command:
        pool = limit - self._engine.replicas * self._slice(limit)
        wanted = max(1, min(MOST_AT_ONCE, pool // (4 * self._engine.replicas)))
        self._numbers += 1
        name = f"{self._engine.id}:{self._numbers}"
        self._is_asking = True

        def answered(answer: Any) -> None:
            count, wait, used, pause = (int(each) for each in answer)
            now = self._engine.monotonic()
            self._asked, self._is_asking = None, False
            self._reserved += [(now, f"{name}:{number}") for number in range(1, count + 1)]
            mine = len(self._reserved) + len(self._running) + len(self.ends) - len(self._own_ends)
            self._elsewhere, self._told_at = max(0, used - mine), now
            if pause > 0:
                self.pause_from_elsewhere(pause / 1000)
            if count == 0:
                self.closed_until = now + max(LEAST_WAIT, wait / 1000)
            self._has_room()

        window, held = (math.ceil(seconds * 1000) for seconds in (self._seconds, self._seconds + LONGEST_REQUEST))
        keys = (self._key("slots"), self._key("pause"), self._engine.key("reopening"))
        return Command(scripts.RESERVE, keys, (pool, window, held, wanted, name), answered)

    def _key(self, kind: str) -> str:
        return self._engine.key(kind, self.name)


class RedisRateLimits:
    """Implements `gateway.shared.RateLimitState`."""

    def __init__(self, engine: RedisEngine) -> None:
        self._engine = engine
        self._logs: dict[str, RedisSlotLog] = {}
        engine.collect.append(self._commands)
        engine.heard.append(self._heard)
        engine.returned.append(self._returned)

    def slots(
        self, key: WindowKey, *, seconds: float = 60.0, has_room: Callable[[], None] = lambda: None
    ) -> RedisSlotLog:
        made = RedisSlotLog(self._engine, key, seconds, has_room)
        self._logs[made.name] = made
        return made

    def _commands(self) -> Sequence[Command]:
        now = self._engine.monotonic()
        return [command for each in self._logs.values() for command in each.commands(now)]

    def _heard(self, message: Message) -> None:
        if message[0] == "pause" and (paused := self._logs.get(message[1])) is not None:
            paused.pause_from_elsewhere(message[2])

    def _returned(self) -> None:
        for each in self._logs.values():
            each.returned()
