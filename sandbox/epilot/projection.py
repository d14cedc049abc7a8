"""Flows and workflows as the query services show them: one row a task."""

from collections.abc import Callable
from typing import Any

from msgspec import UNSET, to_builtins

from sandbox.epilot.records import Flow, user_ids

Row = dict[str, Any]
_TAKEN_OVER = (
    "id",
    "template_id",
    "name",
    "status",
    "task_type",
    "assigned_to",
    "phase_id",
    "due_date",
    "due_date_config",
    "created_at",
    "updated_at",
    "enabled",
    "manually_created",
    "description",
    "journey",
    "conditions",
    "trigger_mode",
    "schedule",
    "taxonomies",
    "requirements",
)


def flow_rows(title_of: Callable[[str], str]) -> Callable[[Flow], list[Row]]:
    """Make the function that gives a flow's rows. The vendor publishes no columns: these are the sandbox's choice.

    `title_of` names an entity.
    """

    def rows(flow: Flow) -> list[Row]:
        phases = {phase.id: phase.name for phase in flow.phases}
        current = {each.id for each in flow.crt_tasks}
        shared: Row = {
            "org_id": flow.org_id,
            "execution_id": flow.id,
            "execution_name": flow.name,
            "execution_status": flow.status,
            "execution_started": flow.created_at,
            "flow_template_id": flow.flow_template_id,
            "contexts": [to_builtins(each) | {"title": title_of(each.entity_id)} for each in flow.contexts],
        }
        return [
            shared
            | {name: to_builtins(value) for name in _TAKEN_OVER if (value := getattr(task, name)) is not UNSET}
            | {
                "assignee": user_ids(task.assigned_to),
                "phase_name": phases.get(task.phase_id),
                "is_current": task.id in current,
                "started_at": task.analytics.started_at,
                "completed_at": task.analytics.completed_at,
                "completed_by": task.analytics.completed_by,
            }
            for task in flow.tasks
        ]

    return rows
