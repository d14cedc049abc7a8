"""Writes of one source that travel in one request of its vendor: where they meet, and how each gets its own answer."""

import asyncio
import copy
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import anyio
from msgspec import Struct

from connectors.sdk.commands import Outcome, TaskCommand
from connectors.sdk.errors import ConnectorError, MalformedResponseError, UpstreamTimeoutError
from connectors.sdk.model import TaskRef
from gateway.federation.sources import Source

# Seconds without a further arrival after which those that have arrived are sent without the others: an entry may have to
# wait for another write to its task.
PATIENCE = 2.0


class _Line(Struct, eq=False):
    """One write that waits for its line of the answer."""

    command: TaskCommand
    answer: "asyncio.Future[Outcome]"


class Array:
    """Each write comes here by itself, after the journal has noted that it is sent, and waits for its own line.

    `refs` are the tasks whose writes may come. A request leaves when each of them has come or ended. `run` sends; it ends
    when nothing can come any more.
    """

    def __init__(self, source: Source, verb: str, refs: Iterable[TaskRef], *, patience: float | None = None) -> None:
        self._source = source
        self._verb = verb
        self._awaited = set(refs)
        self._patience = PATIENCE if patience is None else patience
        self._waiting: list[_Line] = []
        self._sent: set[TaskRef] = set()
        self._changed = anyio.Event()

    def takes(self, command: object) -> bool:
        """Whether the command can travel here. Each task's first command only, before `leave`."""
        return (
            isinstance(command, TaskCommand)
            and command.task.ref in self._awaited
            and self._kind_of(command) is not None
        )

    def leave(self, ref: TaskRef) -> None:
        """The write to `ref` has ended, or will not come."""
        self._awaited.discard(ref)
        self._notify()

    def has_sent(self, ref: TaskRef) -> bool:
        """Whether the request with the command for that task may have left."""
        return ref in self._sent

    async def perform(self, command: TaskCommand) -> Outcome:
        """The answer to the command. Raises ConnectorError. A command that is cancelled before its request left is not sent."""
        line = _Line(command, asyncio.get_running_loop().create_future())
        self._waiting.append(line)
        self.leave(command.task.ref)
        try:
            return await line.answer
        except asyncio.CancelledError:
            if line in self._waiting:
                self._waiting.remove(line)
            raise

    async def run(self) -> None:
        """Send what comes, until nothing can come any more. Raises nothing."""
        while self._awaited or self._waiting:
            if self._awaited:
                changed = self._changed
                with anyio.move_on_after(self._patience if self._waiting else None):
                    await changed.wait()
                    continue
            await self._send_all()

    async def _send_all(self) -> None:
        lines, self._waiting = self._waiting, []
        kinds: dict[Hashable, list[_Line]] = {}
        for line in lines:
            kinds.setdefault(self._kind_of(line.command), []).append(line)
        async with anyio.create_task_group() as group:
            for together in kinds.values():
                group.start_soon(self._send, together)

    async def _send(self, lines: list[_Line]) -> None:
        connector = self._source.connector
        commands = [line.command for line in lines]
        self._sent.update(command.task.ref for command in commands)
        failure: ConnectorError = UpstreamTimeoutError("was cut off before it answered", maybe_applied=True)
        answers: Mapping[str, Outcome | ConnectorError] = {}
        try:
            with anyio.CancelScope() as scope:
                for line in lines:
                    line.answer.add_done_callback(lambda _: _cancel_if_unwanted(scope, lines))
                answers = await self._source.write(
                    self._verb, lambda: connector.perform_many(commands), is_about_one=len(commands) == 1
                )
                failure = MalformedResponseError("gave no answer for this task", maybe_applied=True)
        except ConnectorError as error:
            failure = error
        finally:
            for line in lines:
                if not line.answer.done():
                    _answer(line, answers.get(line.command.task.native_id, failure))

    def _kind_of(self, command: TaskCommand) -> Hashable | None:
        return self._source.ask(self._verb, lambda: self._source.connector.array_of(command))

    def _notify(self) -> None:
        changed, self._changed = self._changed, anyio.Event()
        changed.set()


def _answer(line: _Line, found: Any) -> None:
    if isinstance(found, Outcome):
        line.answer.set_result(found)
    else:
        # Each of the writes adds to the error where it happened.
        line.answer.set_exception(copy.copy(found))


def _cancel_if_unwanted(scope: anyio.CancelScope, lines: list[_Line]) -> None:
    """Every write of the request was cut off: its answer helps none of them."""
    if all(line.answer.cancelled() for line in lines):
        scope.cancel()
