"""Commands on open user tasks. Task listeners may delay them (504, applied later) or deny them (409)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from sandbox.camunda.auth import Caller
from sandbox.camunda.definitions import Event
from sandbox.camunda.engine.execution import Execution
from sandbox.camunda.engine.state import State
from sandbox.camunda.errors import ProblemError, invalid_argument, rejected, timed_out
from sandbox.camunda.records import AuditEntry, UserTask

_DENIED = {"ASSIGNING": "Assignment", "UPDATING": "Update", "COMPLETING": "Completion"}

Apply = Callable[[UserTask, datetime], None]


class TaskCommands:
    def __init__(self, state: State, execution: Execution) -> None:
        self._state, self._execution = state, execution

    def assign(self, key: str, assignee: str, caller: Caller, *, override: bool) -> None:
        """Assign the task. Without `override` it is a claim: another assignee's task is refused."""
        command, words = ("ASSIGN", "assign") if override else ("CLAIM", "claim")
        task = self._actionable(key, command, words, caller)
        guarded = not override and self._state.store.release.guard_claims
        if guarded and caller.type == "USER" and assignee != caller.id:
            reason = f"Expected to claim user task with key '{key}', but the assignee '{assignee}' does not match the calling user '{caller.id}'"
            raise rejected(403, command, "FORBIDDEN", reason)
        if not override and task.assignee not in (None, assignee):
            reason = f"Expected to claim user task with key '{key}', but it has already been assigned"
            raise rejected(409, command, "INVALID_STATE", reason)
        self._assign(task, assignee, command, words, caller)

    def unassign(self, key: str, caller: Caller) -> None:
        self._assign(self._actionable(key, "ASSIGN", "assign", caller), None, "ASSIGN", "unassign", caller)

    def _assign(self, task: UserTask, assignee: str | None, command: str, effect: str, caller: Caller) -> None:
        operation = "UNASSIGN" if assignee is None else "ASSIGN"
        entry = AuditEntry(task.user_task_key, operation, caller.id, caller.type, related_user=assignee)

        def apply(current: UserTask, at: datetime) -> None:
            self._state.put(replace(current, assignee=assignee), at, entry)
            if current.assignee != assignee:
                self._state.effect(effect, task.user_task_key, caller)

        if task.assignee == assignee:
            # A command without a change is logged, but listeners do not run.
            apply(task, self._state.clock())
        else:
            self._transition(task, "ASSIGNING", command, entry, apply)

    def update(self, key: str, changed: Mapping[str, Any], action: str | None, caller: Caller) -> None:
        if not changed and action is None:
            raise invalid_argument(
                'No update data provided. Provide at least an "action" or a non-null value for a supported attribute in the "changeset".'
            )
        task = self._actionable(key, "UPDATE", "update", caller)
        entry = AuditEntry(key, "UPDATE", caller.id, caller.type)

        def apply(current: UserTask, at: datetime) -> None:
            self._state.put(replace(current, **changed), at, entry)
            self._state.effect("update", key, caller)

        self._transition(task, "UPDATING", "UPDATE", entry, apply)

    def complete(self, key: str, variables: Mapping[str, Any], caller: Caller) -> None:
        task = self._actionable(key, "COMPLETE", "complete", caller)
        entry = AuditEntry(key, "COMPLETE", caller.id, caller.type)

        def apply(current: UserTask, at: datetime) -> None:
            self._execution.complete(current, variables, at, entry)
            self._state.effect("complete", key, caller)

        self._transition(task, "COMPLETING", "COMPLETE", entry, apply)

    def _actionable(self, key: str, command: str, words: str, caller: Caller) -> UserTask:
        try:
            return self._state.actionable(key, command, words)
        except ProblemError as error:
            # The audit log has refusals because of the task's state, except those of claims.
            if error.status == 409 and command != "CLAIM":
                self._log_failure(AuditEntry(key, command, caller.id, caller.type))
            raise

    def _log_failure(self, entry: AuditEntry, at: datetime | None = None) -> None:
        failed = AuditEntry(entry.task_key, entry.operation, entry.actor, entry.actor_type, "FAIL", entry.related_user)
        self._state.export(at or self._state.clock(), entries=[failed])

    def _transition(self, task: UserTask, event: Event, command: str, entry: AuditEntry, apply: Apply) -> None:
        """Run the element's listener, then apply the command to the task as it was in state CREATED."""
        listener = self._state.listeners.get((task.element_id, event))
        now = self._state.clock()
        if listener is None:
            apply(task, now)
            return
        if not listener.delay_ms:
            if listener.denial is None:
                apply(task, now)
                return
            self._log_failure(entry)
            reason = (
                f"{_DENIED[event]} of the User Task with key '{task.user_task_key}' was denied by Task Listener. "
                f"Reason to deny: '{listener.denial}'"
            )
            raise rejected(409, command, "INVALID_STATE", reason)
        blocked = replace(task, state=event)
        delay_ms, denial = listener.delay_ms, listener.denial

        def finish(at: datetime) -> None:
            if self._state.tasks.get(task.user_task_key) != blocked:
                return
            if self._state.instances[task.process_instance_key].state == "SUSPENDED":
                self._state.transitions.add(at, delay_ms, finish)
            elif denial is not None:
                self._state.put(task, at)
                self._log_failure(entry, at)
            else:
                apply(task, at)

        self._state.put(blocked, now)
        self._state.transitions.add(now, delay_ms, finish)
        raise timed_out()
