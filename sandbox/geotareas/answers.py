"""Records as the vendor's JSON."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from sandbox.geotareas.definitions import Workflow
from sandbox.geotareas.directory import GROUPS, TIME_ZONE, USERS
from sandbox.geotareas.errors import RefusalError
from sandbox.geotareas.records import Instance, Task

_ZONE = ZoneInfo(TIME_ZONE)
Json = dict[str, Any]


def local_time(seconds: float) -> str:
    """Return the company's wall clock time without a zone, as the vendor writes it."""
    return datetime.fromtimestamp(int(seconds), _ZONE).replace(tzinfo=None).isoformat()


def user_ref(id: str | None) -> Json | None:
    return None if id is None else {"id": id, "name": USERS[id].name}


def group_ref(id: str | None) -> Json | None:
    return None if id is None else {"id": id, "name": GROUPS[id]}


def task_row(task: Task) -> Json:
    entity = task.entity
    return {
        "id": task.id,
        "instance_id": task.instance_id,
        "workflow_name": task.workflow.name,
        "step_name": task.template.name,
        "status": task.status,
        "assigned_to_user": user_ref(task.user),
        "assigned_to_group": group_ref(task.group),
        "entity": {"type": entity.type, "id": entity.id, "label": entity.label},
        "due_date": None if task.due_at is None else local_time(task.due_at),
        "escalated": task.escalated,
        "created_at": local_time(task.created_at),
    }


def task_detail(task: Task) -> Json:
    template = task.template
    return task_row(task) | {
        "step_description": template.description,
        "available_results": [{"code": each.code, "label": each.label} for each in template.results],
        "fields": [
            {
                "id": field.id,
                "name": field.name,
                "type": field.type,
                "required": field.required,
                "value": task.values.get(field.name),
            }
            for field in template.fields
        ],
        "previous_steps_data": [
            {
                "step_name": each.step_name,
                "completed_by": each.completed_by,
                "completed_at": local_time(each.completed_at),
                "result": each.result,
                "captured_data": each.captured_data,
            }
            for each in task.previous
        ],
    }


def instance_row(instance: Instance) -> Json:
    ended = instance.status in ("COMPLETED", "CANCELLED")
    return {
        "id": instance.id,
        "definition_id": instance.workflow.id,
        "definition_name": instance.workflow.name,
        "status": instance.status,
        "entity_type": instance.entity.type,
        "entity_id": instance.entity.id,
        "entity_label": instance.entity.label,
        "current_step": None if ended else instance.workflow.steps[instance.step].name,
        "started_at": local_time(instance.started_at),
    }


def definition_row(workflow: Workflow, now: float) -> Json:
    midnight = datetime.fromtimestamp(now, UTC).replace(hour=8, minute=0, second=0, microsecond=0).timestamp()
    created = midnight - workflow.age_days * 86_400
    return {
        "id": workflow.id,
        "name": workflow.name,
        "description": workflow.description,
        "status": "active" if workflow.active else "inactive",
        "entity_type": workflow.entity_type,
        "version": workflow.version,
        "steps_count": len(workflow.steps),
        "triggers_count": workflow.triggers,
        "created_at": local_time(created),
        "updated_at": local_time(created + workflow.age_days * 86_400 // 2),
    }


def success(data: object, meta: Json | None = None) -> bytes:
    return orjson.dumps({"success": True, "data": data, "meta": meta or {}})


def failure(refusal: RefusalError, *, with_data: bool) -> bytes:
    """Return one of the two documented bodies. The vendor's page on login shows `data`, its page on authentication does not."""
    error = {"code": refusal.code, "message": refusal.message}
    return orjson.dumps(
        {"success": False, "data": None, "error": error} if with_data else {"success": False, "error": error}
    )
