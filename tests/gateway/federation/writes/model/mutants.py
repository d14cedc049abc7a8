"""Faults that the model must find: each changes one part of the pipeline as a careless author would."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from msgspec import structs

from connectors.sdk.commands import Command, MutationStatus
from connectors.sdk.errors import ConflictError, ConnectorError, UnavailableError
from gateway.federation.writes import Undoer, WritePipeline, array, looker, proof
from gateway.federation.writes.attempt import Attempt
from gateway.federation.writes.authorship import Who, completer
from gateway.federation.writes.evidence import evidence_of
from gateway.federation.writes.proof import Verdict
from gateway.federation.writes.send_once import AtMostOnceSender
from gateway.federation.writes.undoing import Undone
from gateway.federation.writes.verbs import VERBS
from gateway.store import Evidence
from schema.ports import ClaimIntent, WriteResult

Perform = Callable[[Any], Awaitable[Any]]

_send = AtMostOnceSender.send
_run = WritePipeline.run


@contextmanager
def journal_after_send() -> Iterator[None]:
    """The write is recorded as sent when its answer is there."""

    async def send(self: AtMostOnceSender, attempt: Attempt, command: Command, perform: Perform) -> Any:
        async def noted() -> None:
            evidence = evidence_of(command, at=self._now())
            attempt.step = await self._journal.mark_sent(attempt.operation_id, evidence)
            attempt.evidence, attempt.was_sent = evidence, True

        try:
            return await attempt.source.write(attempt.request.intent.verb, lambda: perform(command))
        finally:
            await noted()

    with patch.object(AtMostOnceSender, "send", send):
        yield


@contextmanager
def late_refusal_believed() -> Iterator[None]:
    """After a lost answer a guarded write is sent again, and what the vendor refuses then counts as not done."""

    async def send(self: AtMostOnceSender, attempt: Attempt, command: Command, perform: Perform) -> Any:
        try:
            return await _send(self, attempt, command, perform)
        except ConnectorError as error:
            if not error.maybe_applied or not attempt.capability.guarded:
                raise
        # The refusal of the second attempt goes to the caller as if it were about the first.
        return await _send(self, attempt, command, perform)

    with patch.object(AtMostOnceSender, "send", send):
        yield


@contextmanager
def wanted_state_as_proof() -> Iterator[None]:
    """A record that shows the wanted state proves the write, whoever brought it about."""
    by_name = {verb.command.__name__: verb for verb in VERBS}

    def verdict(evidence: Evidence, seen: Any, trust: Any) -> Verdict:
        now = seen.task if seen.task is not None else seen.flow
        wanted: Callable[[], bool] | None = {
            "Claim": lambda: evidence.user in {owner.native_id for owner in now.assignees},
            "Assign": lambda: evidence.user in {owner.native_id for owner in now.assignees},
            "Release": lambda: now.is_open and not now.assignees,
            "Unassign": lambda: now.is_open and not now.assignees,
            "Complete": lambda: now.state.value == "COMPLETED",
            "Cancel": lambda: now.state.value == "CANCELED",
        }.get(evidence.command)
        assert evidence.command in by_name
        return Verdict.APPLIED if now is not None and wanted is not None and wanted() else Verdict.OPEN

    with patch.object(looker, "verdict", verdict):
        yield


@contextmanager
def retried_after_reset() -> Iterator[None]:
    """A write whose connection was cut is sent again, as the usual retry decorator does."""

    async def send(self: AtMostOnceSender, attempt: Attempt, command: Command, perform: Perform) -> Any:
        try:
            return await _send(self, attempt, command, perform)
        except UnavailableError as error:
            if not error.maybe_applied:
                raise
        return await _send(self, attempt, command, perform)

    with patch.object(AtMostOnceSender, "send", send):
        yield


@contextmanager
def outcome_as_proof() -> Iterator[None]:
    """A completion with the same outcome is ours where the vendor does not tell whose it is."""

    def told(*about: Any) -> Who:
        found = completer(*about)
        return Who.OURS if found is Who.NOT_TOLD else found

    with patch.object(proof, "completer", told):
        yield


@contextmanager
def old_look_as_proof() -> Iterator[None]:
    """Who was no owner when a page showed the task a while ago was none when the write was sent."""
    with patch.object(proof, "SKEW", timedelta(minutes=10)):
        yield


@contextmanager
def lacking_line_as_refusal() -> Iterator[None]:
    """A task that the answer for several does not name counts as refused."""
    with patch.object(array, "MalformedResponseError", lambda text, **_: ConflictError(text)):
        yield


@contextmanager
def next_task_after_a_lost_claim() -> Iterator[None]:
    """Where the claim of a task is unclear, the search for the next one goes on."""

    async def run(self: WritePipeline, attempt: Attempt) -> WriteResult:
        result = await _run(self, attempt)
        is_of_search = isinstance(attempt.request.intent, ClaimIntent) and attempt.request.idempotency_key is None
        is_open = result.status is MutationStatus.UNKNOWN and is_of_search
        return structs.replace(result, status=MutationStatus.REJECTED) if is_open else result

    with patch.object(WritePipeline, "run", run):
        yield


@contextmanager
def step_not_undone() -> Iterator[None]:
    """What the first step of two did is left as it is."""

    async def take_back(*_: object) -> tuple[Undone, None]:
        return Undone.CLOSED, None

    with patch.object(Undoer, "take_back", take_back):
        yield


Mutant = Callable[[], AbstractContextManager[None]]
