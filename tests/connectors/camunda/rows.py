"""Rows as tasks and flows, as the connector makes them of a row that fits."""

from datetime import datetime

from msgspec import Raw

from connectors.camunda import flows, mapping
from connectors.camunda.settings import CamundaSettings
from connectors.sdk.model import Flow, Task


def task_of(raw: bytes | Raw, settings: CamundaSettings, *, fetched_at: datetime) -> Task:
    """MalformedResponseError for a row that does not fit."""
    return mapping.task_of(mapping.read_task(raw).require(), raw, settings, fetched_at=fetched_at)


def flow_of(raw: bytes | Raw, settings: CamundaSettings, *, fetched_at: datetime) -> Flow:
    """MalformedResponseError for a row that does not fit."""
    return flows.flow_of(flows.read_flow(raw).require(), raw, settings, fetched_at=fetched_at)
