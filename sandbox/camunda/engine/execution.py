"""The run of a process instance: from stage to stage, into called processes, to its end."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from sandbox.camunda.auth import Caller
from sandbox.camunda.definitions import BY_ID, DEFINITIONS, FORMS, CallActivity, Step
from sandbox.camunda.engine.state import State
from sandbox.camunda.records import AuditEntry, ProcessDefinition, ProcessInstance, UserTask
from sandbox.stand_in import iso_millis


class Execution:
    def __init__(self, state: State) -> None:
        self._state = state
        self._stops: dict[str, frozenset[str]] = {}

    def start(
        self,
        definition: ProcessDefinition,
        variables: Mapping[str, Any],
        at: datetime,
        *,
        tags: tuple[str, ...] = (),
        business_id: str | None = None,
        elements: tuple[str, ...] = (),
        stops: frozenset[str] = frozenset(),
        caller: tuple[ProcessInstance, str] | None = None,
    ) -> ProcessInstance:
        """Start at `elements`, or at the beginning. The instance is terminated after one of the elements `stops`.

        `caller` is the calling instance with the key of its call activity.
        """
        key = self._state.new_key()
        parent = None if caller is None else caller[0]
        instance = ProcessInstance(
            process_instance_key=key,
            process_definition_id=definition.process_definition_id,
            process_definition_name=definition.name,
            process_definition_version=definition.version,
            process_definition_key=definition.process_definition_key,
            start_date=iso_millis(at),
            end_date=None,
            state="ACTIVE",
            root_process_instance_key=key if parent is None else parent.root_process_instance_key,
            tags=tags,
            business_id=business_id,
            parent_process_instance_key=None if parent is None else parent.process_instance_key,
            parent_element_instance_key=None if caller is None else caller[1],
            suspended_date=None if self._state.store.release.has_suspension else UNSET,
        )
        self._state.instances[key] = instance
        self._state.open[key] = set()
        if stops:
            self._stops[key] = stops
        self._state.export(at, instances=[instance], variables={key: variables})
        process = BY_ID[instance.process_definition_id]
        wanted = [each for each in map(process.element, elements) if each is not None] or process.stages[0]
        for element in wanted:
            self.activate(element, instance, at, variables)
        return instance

    def activate(
        self,
        element: Step | CallActivity,
        instance: ProcessInstance,
        at: datetime,
        variables: Mapping[str, Any],
        own: Mapping[str, Any] | None = None,
    ) -> str:
        """Enter an element and return its key. A called process starts with `variables`; `own` are local variables of a task."""
        element_instance_key = self._state.new_key()
        if isinstance(element, CallActivity):
            called = self.start(
                DEFINITIONS[element.process_id],
                variables,
                at,
                tags=instance.tags,
                business_id=instance.business_id,
                caller=(instance, element_instance_key),
            )
            self._state.open[instance.process_instance_key].add(called.process_instance_key)
            return element_instance_key
        task = self._task(element, element_instance_key, instance, iso_millis(at))
        listener = self._state.listeners.get((element.element_id, "CREATING"))
        self._state.open[instance.process_instance_key].add(task.user_task_key)
        if listener is not None and listener.delay_ms:
            task = replace(task, state="CREATING")
            self._state.transitions.add(at, listener.delay_ms, lambda later: self._created(task, later))
        self._state.tasks[task.user_task_key] = task
        self._state.export(at, [task], variables={element_instance_key: own} if own else None)
        return element_instance_key

    def _created(self, task: UserTask, at: datetime) -> None:
        if self._state.tasks.get(task.user_task_key) == task:
            self._state.put(replace(task, state="CREATED"), at)

    def _task(self, step: Step, element_instance_key: str, instance: ProcessInstance, now: str) -> UserTask:
        form = FORMS.get(step.element_id)
        release = self._state.store.release
        return UserTask(
            user_task_key=self._state.new_key(),
            name=step.name,
            state="CREATED",
            assignee=None,
            candidate_groups=step.groups,
            candidate_users=(),
            priority=50,
            creation_date=now,
            completion_date=None,
            follow_up_date=None,
            due_date=None,
            element_id=step.element_id,
            element_instance_key=element_instance_key,
            process_definition_id=instance.process_definition_id,
            process_definition_key=instance.process_definition_key,
            process_definition_version=instance.process_definition_version,
            process_name=instance.process_definition_name,
            process_instance_key=instance.process_instance_key,
            root_process_instance_key=instance.root_process_instance_key,
            form_key=None if form is None else form.form_key,
            external_form_reference=step.external_form,
            custom_headers={},
            tags=instance.tags,
            business_id=instance.business_id if release.has_business_ids_of_tasks else UNSET,
        )

    def complete(self, task: UserTask, variables: Mapping[str, Any], at: datetime, entry: AuditEntry) -> None:
        """Complete the task. After the last task of a stage, the instance enters its next stage or ends."""
        key = task.process_instance_key
        done = replace(task, state="COMPLETED", completion_date=iso_millis(at))
        self._state.forget(task)
        self._state.export(at, [done], variables={key: variables}, entries=[entry])
        if task.element_id in self._stops.get(key, ()):
            self.terminate(self._state.instances[key], at)
        else:
            self._advance(self._state.instances[key], task.element_id, at, variables)

    def _advance(self, instance: ProcessInstance, element_id: str, at: datetime, variables: Mapping[str, Any]) -> None:
        if self._state.open[instance.process_instance_key]:
            return
        process = BY_ID[instance.process_definition_id]
        stage = process.stage_of(element_id) + 1
        if stage < len(process.stages):
            for element in process.stages[stage]:
                self.activate(element, instance, at, variables)
            return
        self._state.export(at, instances=[self._state.ended(instance, "COMPLETED", iso_millis(at))])
        caller = self._state.instances.get(instance.parent_process_instance_key or "")
        if caller is not None:
            called_by = next(
                each
                for _, each in BY_ID[caller.process_definition_id].elements()
                if isinstance(each, CallActivity) and each.process_id == process.id
            )
            self._advance(caller, called_by.element_id, at, variables)

    def terminate(self, instance: ProcessInstance, at: datetime, caller: Caller | None = None) -> None:
        """End the instance, the instances it called and all their open tasks."""
        ended = iso_millis(at)
        keys = [instance.process_instance_key, *self._state.children(instance.process_instance_key)]
        tasks = [
            self._state.tasks[each]
            for key in keys
            for each in sorted(self._state.open[key], key=int)
            if each in self._state.tasks
        ]
        for task in tasks:
            self.cancel(task, at, caller)
        gone = [self._state.ended(self._state.instances[key], "TERMINATED", ended) for key in reversed(keys)]
        self._state.export(at, instances=gone)

    def cancel(self, task: UserTask, at: datetime, caller: Caller | None) -> None:
        self._state.forget(task)
        actor, actor_type = (None, "UNKNOWN") if caller is None else (caller.id, caller.type)
        canceled = replace(task, state="CANCELED", completion_date=iso_millis(at))
        self._state.export(at, [canceled], entries=[AuditEntry(task.user_task_key, "CANCEL", actor, actor_type)])
