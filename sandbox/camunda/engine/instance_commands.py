"""Commands on process instances: creation, cancellation, modification, suspension and resumption."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from sandbox.camunda.auth import Caller
from sandbox.camunda.definitions import BY_ID, DEFINITIONS, DEPLOYED, CallActivity, Step
from sandbox.camunda.engine.execution import Execution
from sandbox.camunda.engine.state import State
from sandbox.camunda.errors import rejected, timed_out
from sandbox.camunda.records import ProcessDefinition, ProcessInstance, UserTask
from sandbox.stand_in import iso_millis


@dataclass(frozen=True, slots=True)
class Creation:
    """The definition is given by `key`, or by `id` and `version` (-1: the latest)."""

    id: str | None
    key: str | None
    version: int
    variables: Mapping[str, Any]
    tags: tuple[str, ...]
    business_id: str | None
    elements: tuple[str, ...]
    stops: frozenset[str]
    awaited: bool


@dataclass(frozen=True, slots=True)
class Activation:
    """An element to enter. `variables` are set in the instance, `own` in the element."""

    element_id: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    own: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Termination:
    """An element to leave, by the key of the element instance or the id of the element. With `replacement` it is a move."""

    key: str | None
    element_id: str | None
    replacement: Activation | None = None


class InstanceCommands:
    def __init__(self, state: State, execution: Execution) -> None:
        self._state, self._execution = state, execution
        self._canceling: set[str] = set()

    def create(self, wanted: Creation, caller: Caller) -> ProcessInstance:
        definition = _definition(wanted)
        process = BY_ID[definition.process_definition_id]
        for element_id in wanted.elements:
            if process.element(element_id) is None:
                reason = f"Expected to create instance of process with start instructions but no element found with id '{element_id}'."
                raise rejected(400, "CREATE", "INVALID_ARGUMENT", reason)
        instance = self._execution.start(
            definition,
            wanted.variables,
            self._state.clock(),
            tags=wanted.tags,
            business_id=wanted.business_id,
            elements=wanted.elements,
            stops=wanted.stops,
        )
        self._state.effect("start_flow", instance.process_instance_key, caller)
        if wanted.awaited:
            # Every process here waits for people, so no request waits long enough. The instance keeps running.
            raise timed_out()
        return instance

    def cancel(self, key: str, caller: Caller) -> None:
        """Cancel the instance, the instances it called and all their open tasks."""
        instance = self._state.running(key, "CANCEL", "cancel a process instance")
        expected = f"Expected to cancel a process instance with key '{key}', but "
        if instance.parent_process_instance_key is not None:
            root = instance.root_process_instance_key
            reason = f"{expected}it is created by a parent process instance. Cancel the root process instance '{root}' instead."
            raise rejected(409, "CANCEL", "INVALID_STATE", reason)
        if key in self._canceling:
            raise rejected(409, "CANCEL", "INVALID_STATE", f"{expected}a cancel request is already in progress")
        now = self._state.clock()
        family = [key, *self._state.children(key)]
        tasks = [task for task in list(self._state.tasks.values()) if task.process_instance_key in family]
        slowest = max((self._delay_ms(task) for task in tasks), default=0)
        if not slowest:
            self._finish_cancellation(key, caller, now)
            return
        for task in tasks:
            if self._delay_ms(task):
                self._state.put(replace(task, state="CANCELING"), now)
            else:
                self._execution.cancel(task, now, caller)
        self._canceling.add(key)
        self._state.transitions.add(now, slowest, lambda at: self._finish_cancellation(key, caller, at))
        raise timed_out()

    def _finish_cancellation(self, key: str, caller: Caller, at: datetime) -> None:
        self._canceling.discard(key)
        if key in self._state.instances:
            self._execution.terminate(self._state.instances[key], at, caller)
            self._state.effect("cancel_flow", key, caller)

    def _delay_ms(self, task: UserTask) -> int:
        listener = self._state.listeners.get((task.element_id, "CANCELING"))
        return 0 if listener is None else listener.delay_ms

    def modify(
        self, key: str, activations: Sequence[Activation], terminations: Sequence[Termination], caller: Caller
    ) -> None:
        """Activate elements, then terminate elements. An instance that waits for nothing any more is terminated."""
        instance = self._state.instances.get(key)
        if instance is None:
            reason = f"Expected to modify process instance but no process instance found with key '{key}'"
            raise rejected(404, "MODIFY", "NOT_FOUND", reason)
        expected = f"Expected to modify instance of process '{instance.process_definition_id}' but it"
        if instance.state == "SUSPENDED":
            reason = f"{expected} is currently suspended. Suspended process instances cannot be modified."
            raise rejected(409, "MODIFY", "INVALID_STATE", reason)
        ending = [(each, self._found(instance, each, expected)) for each in terminations]
        moved = [each.replacement for each, found in ending for _ in found if each.replacement is not None]
        entering = [(each, self._element(instance, each, expected)) for each in (*activations, *moved)]
        gone = {element for _, found in ending for element in found}
        ends = key in gone or (bool(gone) and not entering and gone >= self._state.open[key])
        if ends and instance.parent_process_instance_key is not None:
            reason = (
                f"Expected to modify instance of process '{instance.process_definition_id}' but the given instructions would "
                "terminate the instance. The instance was created by a call activity in the parent process. "
                "To terminate this instance please modify the parent process instead."
            )
            raise rejected(400, "MODIFY", "INVALID_ARGUMENT", reason)
        now = self._state.clock()
        for activation, element in entering:
            self._state.export(now, variables={key: activation.variables})
            self._execution.activate(element, instance, now, activation.variables, activation.own)
        if key in gone:
            self._end(instance, caller, now)
            return
        for element_key in sorted(gone, key=int):
            if element_key in self._state.tasks:
                self._execution.cancel(self._state.tasks[element_key], now, caller)
                self._state.effect("cancel", element_key, caller)
            else:
                self._execution.terminate(self._state.instances[element_key], now, caller)
        if ends:
            self._end(instance, caller, now)

    def _end(self, instance: ProcessInstance, caller: Caller, now: datetime) -> None:
        self._execution.terminate(instance, now, caller)
        self._state.effect("cancel_flow", instance.process_instance_key, caller)

    def _found(self, instance: ProcessInstance, termination: Termination, expected: str) -> list[str]:
        """Return the keys of the tasks and called instances to terminate."""
        key = instance.process_instance_key
        if termination.key == key:
            return [key]
        found: list[str] = []
        for each in self._state.open[key]:
            task, called = self._state.tasks.get(each), self._state.instances.get(each)
            element_key = (
                task.element_instance_key if task is not None else called and called.parent_element_instance_key
            )
            element_id = task.element_id if task is not None else _call_id(instance, called)
            if termination.key == element_key or (termination.element_id or "") == element_id:
                found.append(each)
        if not found:
            reason = (
                f"{expected} contains one or more terminate instructions with an element instance that could not be found: "
                f"'{termination.key or termination.element_id}'"
            )
            raise rejected(400, "MODIFY", "INVALID_ARGUMENT", reason)
        return found

    def _element(self, instance: ProcessInstance, activation: Activation, expected: str) -> Step | CallActivity:
        element = BY_ID[instance.process_definition_id].element(activation.element_id)
        if element is None:
            reason = f"{expected} contains one or more activate instructions with an element that could not be found: '{activation.element_id}'"
            raise rejected(400, "MODIFY", "INVALID_ARGUMENT", reason)
        return element

    def suspend(self, key: str, caller: Caller) -> None:
        self._toggle(key, "SUSPEND", "ACTIVE", "SUSPENDED", "suspend_flow", caller)

    def resume(self, key: str, caller: Caller) -> None:
        self._toggle(key, "RESUME", "SUSPENDED", "ACTIVE", "resume_flow", caller)

    def _toggle(self, key: str, command: str, before: str, after: str, effect: str, caller: Caller) -> None:
        """Suspend or resume this instance only. The instances it called go on."""
        words = f"{command.lower()} process instance"
        instance = self._state.running(key, command, words, "no such process instance was found")
        if instance.state != before:
            reason = f"Expected to {words} with key '{key}', but it is in state '{instance.state}'"
            raise rejected(409, command, "INVALID_STATE", reason)
        now = self._state.clock()
        changed = replace(instance, state=after, suspended_date=iso_millis(now) if after == "SUSPENDED" else None)
        self._state.instances[key] = changed
        self._state.export(now, instances=[changed])
        self._state.effect(effect, key, caller)


def _definition(wanted: Creation) -> ProcessDefinition:
    if wanted.key is not None:
        found = next((each for each in DEPLOYED if each.process_definition_key == wanted.key), None)
        reason = f"Expected to find process definition with key '{wanted.key}', but none found"
    elif wanted.version == -1:
        found = DEFINITIONS.get(wanted.id or "")
        reason = f"Expected to find process definition with process ID '{wanted.id}', but none found"
    else:
        same = (each for each in DEPLOYED if each.process_definition_id == wanted.id)
        found = next((each for each in same if each.version == wanted.version), None)
        reason = f"Expected to find process definition with process ID '{wanted.id}' and version '{wanted.version}', but none found"
    if found is None:
        raise rejected(404, "CREATE", "NOT_FOUND", reason)
    return found


def _call_id(instance: ProcessInstance, called: ProcessInstance | None) -> str | None:
    if called is None:
        return None
    elements = BY_ID[instance.process_definition_id].elements()
    calls = (each for _, each in elements if isinstance(each, CallActivity))
    return next((each.element_id for each in calls if each.process_id == called.process_definition_id), None)
