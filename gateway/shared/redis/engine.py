"""The connection to Redis or Valkey, kept up in the background.

What is to be told is collected and sent with the next exchange, which `wake` begins at once. Nothing waits for an engine that
is away: the parts know by `away_since`, and go on with what this replica may do alone.
"""

import asyncio
import contextlib
import math
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import anyio
import msgspec
import redis.asyncio
import structlog
from msgspec import Struct
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from gateway.shared.redis import scripts

log = structlog.get_logger("taskgate.shared")

Message: TypeAlias = "list[Any]"

# Seconds: for one exchange, from one to the next at the latest, from one sign of life to the next, after which a replica
# counts as ended, and from one attempt to connect to the next.
TIMEOUT = 0.5
EXCHANGE = 0.25
BEAT = 2.0
GONE_AFTER = 8.0
RECONNECT = 0.5


class Command(Struct, frozen=True):
    """A script of `scripts` with its keys and arguments. `done` gets the answer."""

    script: str
    keys: tuple[str, ...]
    values: tuple[str | int | bytes, ...]
    done: Callable[[Any], None] = lambda _: None


class RedisEngine:
    """`away_since`: the monotonic time since when nothing was heard of the engine; None while it is there.

    `number` is this replica's among those that run, from 0; None if it was never told. `collect` is asked for commands before
    each exchange; `heard` gets the messages of other replicas; `returned` is called with each new connection.
    """

    def __init__(self, url: str, *, name: str, replicas: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.id = secrets.token_hex(8)
        self.replicas = replicas
        self.monotonic = monotonic
        self.away_since: float | None = monotonic()
        self.number: int | None = None
        # Since the last connection ended, more was sent than other replicas know of.
        self.went_on_alone = False
        self.collect: list[Callable[[], Sequence[Command]]] = []
        self.heard: list[Callable[[Message], None]] = []
        self.returned: list[Callable[[], None]] = []
        # In a cluster all keys lie together.
        self._prefix = f"{{{name}}}:"
        self._client = redis.asyncio.Redis.from_url(
            url,
            socket_timeout=TIMEOUT,
            socket_connect_timeout=TIMEOUT,
            retry=Retry(NoBackoff(), 0),
            max_connections=16,
            client_name="taskgate",
        )
        self._outbox: list[Command] = []
        self._shas: dict[str, str] = {}
        self._run_id: str | None = None
        self._wake = anyio.Event()
        self._beat_at = -math.inf

    def key(self, *parts: str) -> str:
        return self._prefix + ":".join(parts)

    def post(self, command: Command) -> None:
        """Sent with the next exchange, or not at all if the engine goes away before."""
        if self.away_since is None:
            self._outbox.append(command)
            self._wake.set()

    def answer(self, message: Message) -> None:
        """Told to all replicas with the next exchange. Nothing waits for it."""
        self.post(Command(scripts.TELL, (self.key("messages"),), (msgspec.msgpack.encode(message),)))

    def wake(self) -> None:
        self._wake.set()

    async def tell(self, message: Message) -> int:
        """How many replicas hear it, this one among them. Raises RedisError, OSError, TimeoutError."""
        with anyio.fail_after(TIMEOUT):
            return int(await self._client.publish(self.key("messages"), msgspec.msgpack.encode(message)))

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self._connected()
            except* (RedisError, OSError, TimeoutError, msgspec.MsgspecError) as failed:
                self._lost(type(failed.exceptions[0]).__name__)
            except* Exception as failed:
                self._lost("an internal error")
                log.exception("shared state", exc_info=failed)
            await anyio.sleep(RECONNECT)

    def _lost(self, reason: str) -> None:
        if self.away_since is None:
            self.away_since = self.monotonic()
            log.warning("shared state is away", reason=reason)
        self._outbox.clear()

    async def aclose(self) -> None:
        with contextlib.suppress(RedisError, OSError, TimeoutError), anyio.move_on_after(TIMEOUT):
            await self._client.zrem(self.key("replicas"), self.id)
        await self._client.aclose()

    async def _connected(self) -> None:
        """Until the connection fails."""
        async with self._client.pubsub() as subscription:
            with anyio.fail_after(4 * TIMEOUT):
                info = await self._client.info("server")
                self._shas = {
                    text: await self._client.script_load(text)
                    for name, text in vars(scripts).items()
                    if name.isupper() and not name.startswith("_")
                }
                await subscription.subscribe(self.key("messages"))
                await self._exchanged([self._beat()])
                if self.went_on_alone or self._run_id not in {None, info["run_id"]}:
                    await self._exchanged([Command(scripts.REOPEN, (self.key("reopening"),), ())])
            self._run_id, self.went_on_alone = info["run_id"], False
            self.away_since = None
            for returned in self.returned:
                returned()
            log.info("shared state is there")
            async with anyio.create_task_group() as group:
                group.start_soon(self._listen, subscription)
                group.start_soon(self._exchange)

    async def _listen(self, subscription: Any) -> None:
        while True:
            # A subscription that is silent is asked whether it is alive.
            message = await subscription.get_message(ignore_subscribe_messages=True, timeout=BEAT)
            if message is None:
                await subscription.ping()
            elif message["type"] == "message":
                for heard in self.heard:
                    heard(msgspec.msgpack.decode(message["data"]))

    async def _exchange(self) -> None:
        while True:
            with anyio.move_on_after(EXCHANGE):
                await self._wake.wait()
            self._wake = anyio.Event()
            commands, self._outbox = self._outbox, []
            for collect in self.collect:
                commands.extend(collect())
            if self.monotonic() >= self._beat_at + BEAT:
                commands.append(self._beat())
            if commands:
                with anyio.fail_after(2 * TIMEOUT):
                    await self._exchanged(commands)

    async def _exchanged(self, commands: Sequence[Command]) -> None:
        async with self._client.pipeline(transaction=False) as pipeline:
            for command in commands:
                pipeline.evalsha(self._shas[command.script], len(command.keys), *command.keys, *command.values)
            for command, answer in zip(commands, await pipeline.execute(), strict=True):
                command.done(answer)

    def _beat(self) -> Command:
        self._beat_at = self.monotonic()

        def counted(answer: Any) -> None:
            running = [each.decode() for each in answer]
            self.number = running.index(self.id) if self.id in running else None
            if len(running) > self.replicas:
                log.warning("more replicas than [shared] replicas", running=len(running), configured=self.replicas)

        return Command(scripts.BEAT, (self.key("replicas"),), (self.id, int(GONE_AFTER * 1000)), counted)


def is_address(url: str) -> bool:
    try:
        redis.asyncio.ConnectionPool.from_url(url)
    except ValueError:
        return False
    return True


@asynccontextmanager
async def open_redis(url: str, *, name: str, replicas: int) -> AsyncIterator[RedisEngine]:
    """Connects in the background, within a second if the engine is there."""
    engine = RedisEngine(url, name=name, replicas=replicas)
    # Not in a task group: what fails in the block is raised as it is.
    running = asyncio.get_running_loop().create_task(engine.run())
    try:
        yield engine
    finally:
        running.cancel()
        with anyio.CancelScope(shield=True):
            await asyncio.wait([running])
            await engine.aclose()
