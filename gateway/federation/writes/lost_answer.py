"""A lost answer, while the request is still open: look, wait, look again; where a guard makes it safe, send again."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
from msgspec import Struct

from connectors.sdk.commands import Claim, FlowCommand, FlowOutcome, Outcome, TaskCommand
from connectors.sdk.errors import ConnectorError, GatewayError
from connectors.sdk.model import FlowRef, TaskRef
from gateway.federation.traffic import current_context
from gateway.federation.writes.attempt import Attempt
from gateway.federation.writes.looker import Look, Looker
from gateway.federation.writes.proof import RULES, Verdict, disproof_of, proofs_of
from gateway.federation.writes.send_once import AtMostOnceSender

C = TypeVar("C", TaskCommand, FlowCommand)

Pause = Callable[[float], Awaitable[None]]

# Seconds before each look, and how often a guarded write is sent at most.
PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0)
MOST_ATTEMPTS = 3
# Seconds that a look should have.
LOOK_SECONDS = 1.0


class Found(Struct, frozen=True, kw_only=True):
    """What is known after the last look. `outcome`: the vendor's clear answer to a further attempt."""

    look: Look
    outcome: Outcome | FlowOutcome | None = None


class LostAnswers:
    def __init__(self, *, looker: Looker, sender: AtMostOnceSender, pause: Pause = anyio.sleep) -> None:
        self._looker = looker
        self._sender = sender
        self._pause = pause

    async def find(
        self, attempt: Attempt, command: C, perform: Callable[[C], Awaitable[Outcome | FlowOutcome]]
    ) -> Found:
        """After the answer to `command` was lost. Raises nothing; it ends with the time of the request at the latest."""
        evidence, target = attempt.evidence, _target(command)
        look = Look()
        if evidence is None:
            return Found(look=look)
        again = attempt.capability.guarded and RULES[type(command)].again
        traces = attempt.connector.traces
        is_provable = proofs_of(type(command), traces) or disproof_of(type(command), traces)
        is_worth_waiting = not attempt.looks_once and (again or is_provable)
        sent = 1
        for pause in PAUSES:
            if pause:
                if not is_worth_waiting or not _has_time(pause):
                    break
                await self._pause(pause)
            look = await self._looker.look(target, attempt.operation_id, evidence)
            if look.verdict is not Verdict.OPEN or _is_taken(command, look):
                break
            if pause and again and sent < MOST_ATTEMPTS and look.is_unchanged(evidence):
                sent += 1
                try:
                    outcome = await self._sender.send(attempt, command, perform)
                except ConnectorError:
                    # Whatever it says, it may be about the first attempt: look again.
                    continue
                except GatewayError:
                    break
                return Found(look=look, outcome=outcome)
        return Found(look=look)


def _target(command: TaskCommand | FlowCommand) -> TaskRef | FlowRef:
    return command.task.ref if isinstance(command, TaskCommand) else command.flow.ref


def _is_taken(command: TaskCommand | FlowCommand, look: Look) -> bool:
    """A claim of a task that has an owner, or is over: no further look changes that."""
    task = look.seen.task
    return isinstance(command, Claim) and task is not None and (bool(task.assignees) or not task.is_open)


def _has_time(pause: float) -> bool:
    left = current_context().remaining()
    return left is None or left > pause + LOOK_SECONDS
