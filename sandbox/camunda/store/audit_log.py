"""The audit log of a user task: applied and failed commands with their actors."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import UNSET

from sandbox.camunda.records import AuditEntry, AuditLog, UserTask
from sandbox.camunda.variants import Release
from sandbox.stand_in import iso_millis

_ENDS = ("COMPLETE", "CANCEL")


def audit_logs(task: UserTask, done: Sequence[tuple[datetime, AuditEntry]], release: Release) -> list[AuditLog]:
    """Return the task's log, oldest first. For a task of fresh data, creation and end follow from its dates."""
    entries = [(task.creation_date, AuditEntry(task.user_task_key, "CREATE"))]
    entries += [(iso_millis(at), entry) for at, entry in done]
    ended = any(entry.operation in _ENDS and entry.result == "SUCCESS" for _, entry in entries)
    if task.completion_date is not None and not ended:
        operation = "COMPLETE" if task.state == "COMPLETED" else "CANCEL"
        actor_type = "UNKNOWN" if task.assignee is None else "USER"
        entries.append((task.completion_date, AuditEntry(task.user_task_key, operation, task.assignee, actor_type)))
    later = None if release.has_suspension else UNSET
    return [
        AuditLog(
            audit_log_key=str(int(task.user_task_key) * 1000 + number),
            entity_key=task.user_task_key,
            operation_type=entry.operation,
            timestamp=at,
            actor_id=entry.actor,
            actor_type=entry.actor_type,
            process_definition_id=task.process_definition_id,
            process_definition_key=task.process_definition_key,
            process_instance_key=task.process_instance_key,
            root_process_instance_key=task.root_process_instance_key,
            element_instance_key=task.element_instance_key,
            user_task_key=task.user_task_key,
            entity_description=task.name,
            related_entity_key=entry.related_user,
            related_entity_type=None if entry.related_user is None else "USER",
            result=entry.result,
            inbound_channel_type=later,
            inbound_channel_tool_name=later,
        )
        for number, (at, entry) in enumerate(entries)
    ]
