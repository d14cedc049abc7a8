"""The query API: statistics on workflows, and the overview of their tasks."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct, field

from sandbox.epilot.answers import Reply, json_reply
from sandbox.epilot.errors import invalid
from sandbox.epilot.requests import Call, body_of
from sandbox.epilot.search import Row, at, values_of
from sandbox.stand_in import iso_millis

_SHOWN_STATES = {"COMPLETED", "SKIPPED", "IN_PROGRESS"}
"""States that the overview shows. All other states become ASSIGNED or UNASSIGNED."""


class WorkflowsQuery(Struct):
    dataset: str = "total_count_of_workflow_executions"
    workflow_definition_ids: list[str] = field(default_factory=list)
    entity_schema: str = ""
    assignee_ids: list[str] = field(default_factory=list)
    include_unassigned: bool = False
    due_date_from: str = ""
    due_date_to: str = ""
    sort_by: Literal[
        "due_date_ascending", "due_date_descending", "creation_date_ascending", "creation_date_descending"
    ] = "due_date_ascending"
    page_number: int = 1
    page_size: int = 20


class AnalyticsOperations:
    """`rows` returns the rows that are visible at a time."""

    def __init__(self, rows: Callable[[datetime], Iterable[Row]]) -> None:
        self._rows = rows
        self._datasets: dict[str, Callable[[WorkflowsQuery, list[Row], datetime], Any]] = {
            "workflow_tasks_overview": _overview,
            "total_count_of_workflow_executions": _counts,
            "cumulative_sum_of_workflows": _months,
            "workflow_execution_time_series": _months,
        }

    def execute(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:view")
        query = body_of(call.content, WorkflowsQuery)
        dataset = self._datasets.get(query.dataset)
        if dataset is None:
            raise invalid(f"Dataset {query.dataset} is not available")
        rows = [
            row
            for row in self._rows(call.now)
            if (not query.workflow_definition_ids or row["flow_template_id"] in query.workflow_definition_ids)
            and (not query.entity_schema or query.entity_schema in at(row, "contexts.entity_schema"))
        ]
        return json_reply(dataset(query, rows, call.now))

    def autocomplete(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:view")
        attribute = call.query.get("attribute")
        if not attribute:
            raise invalid("attribute is required")
        size = call.number("size", default=25, least=1, most=250)
        found = values_of(self._rows(call.now), attribute, call.query.get("input", "").casefold())
        return json_reply({"results": found[:size]})


def _overview(query: WorkflowsQuery, rows: list[Row], now: datetime) -> Any:
    """Return tasks with the names of version 1. Pages count from 1; page 0 is the same as page 1."""
    wanted = set(query.assignee_ids)
    found = [
        row
        for row in rows
        if (not wanted or wanted.intersection(row["assignee"]) or (query.include_unassigned and not row["assignee"]))
        and (not query.due_date_from or row.get("due_date", "") >= query.due_date_from)
        and (not query.due_date_to or "" < row.get("due_date", "")[:10] <= query.due_date_to)
    ]
    column = "due_date" if query.sort_by.startswith("due") else "created_at"
    descending = query.sort_by.endswith("descending")
    found.sort(key=lambda row: ((row.get(column) is None) != descending, row.get(column) or ""), reverse=descending)
    size = max(1, query.page_size)
    start = (max(1, query.page_number) - 1) * size
    return {"results": [_task(row) for row in found[start : start + size]], "hits": len(found)}


def _task(row: Row) -> Row:
    status = row["status"] if row["status"] in _SHOWN_STATES else "ASSIGNED" if row["assignee"] else "UNASSIGNED"
    task = {
        "orgId": row["org_id"],
        "id": row["id"],
        "definitionId": row["template_id"],
        "phaseId": row["phase_id"],
        "name": row["name"],
        "type": "AUTOMATION" if row["task_type"] == "AUTOMATION" else "MANUAL",
        "executionType": "AUTOMATION" if row["task_type"] == "AUTOMATION" else "MANUAL",
        "executionId": row["execution_id"],
        "executionName": row["execution_name"],
        "executionStatus": row["execution_status"],
        "assignedTo": row["assignee"],
        "status": status,
        "created": row["created_at"],
        "lastUpdated": row["updated_at"],
        "manuallyCreated": row["manually_created"],
        "enabled": row["enabled"],
        "contexts": [
            {"id": each["entity_id"], "title": each["title"], "schema": each["entity_schema"]}
            for each in row["contexts"]
        ],
    }
    return task | {"dueDate": row["due_date"]} if "due_date" in row else task


def _counts(query: WorkflowsQuery, rows: list[Row], now: datetime) -> Any:
    states = Counter({row["execution_id"]: row["execution_status"] for row in rows}.values())
    labels = ["STARTED", "DONE", "CLOSED"]
    return {"data": [states[label] for label in labels], "labels": labels, "timestamp": iso_millis(now)}


def _months(query: WorkflowsQuery, rows: list[Row], now: datetime) -> Any:
    started = {row["execution_id"]: row["execution_started"][:7] for row in rows}
    months = sorted(Counter(started.values()).items())
    total, data = 0, []
    for _, count in months:
        total = total + count if query.dataset.startswith("cumulative") else count
        data.append(total)
    return {"data": data, "labels": [month for month, _ in months], "timestamp": iso_millis(now)}
