"""Process instances as flows: records, searches, and what a command leaves behind; pure functions."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from connectors.camunda import wire
from connectors.camunda.conditions import Members, add_exists, add_interval, add_set, keys_of, outward, written
from connectors.camunda.mapping import url_of, utc, variables_of, version_of
from connectors.camunda.settings import CamundaOptions, CamundaSettings
from connectors.sdk import Definition, Flow, FlowQuery, FlowState, StartFlow, Task, TaskState, ValidationFailedError

FLOW_STATES = {
    "ACTIVE": FlowState.ACTIVE,
    "SUSPENDED": FlowState.SUSPENDED,
    "COMPLETED": FlowState.COMPLETED,
    "TERMINATED": FlowState.CANCELED,
}

# Keys alone differ between instances that started in the same millisecond.
NEWEST_FIRST = ({"field": "startDate", "order": "DESC"}, {"field": "processInstanceKey", "order": "DESC"})

# A version of a process counts from 1 and is an int32.
LATEST_VERSION = 2**31 - 1


def flow_of(raw: bytes | msgspec.Raw, settings: CamundaSettings, *, fetched_at: datetime) -> Flow:
    row = wire.read_row(raw, wire.ProcessInstance, "a process instance")
    return Flow(
        source=settings.key,
        native_id=row.process_instance_key,
        state=FLOW_STATES.get(row.state or "", FlowState.UNKNOWN),
        rule=f"c8.flow.{(row.state or '').lower()}" if row.state in FLOW_STATES else "c8.flow.unknown",
        fetched_at=fetched_at,
        name=row.process_definition_name or row.process_definition_id,
        definition=_definition(
            key=row.process_definition_key,
            id=row.process_definition_id,
            name=row.process_definition_name,
            version=row.process_definition_version,
        ),
        has_incident=row.has_incident,
        started_at=utc(row.start_date),
        ended_at=utc(row.end_date),
        business_key=row.business_id,
        parent_id=row.parent_process_instance_key,
        root_id=row.root_process_instance_key,
        url=url_of(settings.options.flow_url_template, row.process_instance_key),
        native_state=row.state,
        payload=msgspec.Raw(raw),
    )


def flows_of(rows: Iterable[msgspec.Raw], settings: CamundaSettings, *, fetched_at: datetime) -> list[Flow]:
    """The process instances of one page; of rows with the same key the first."""
    found: dict[str, Flow] = {}
    for raw in rows:
        flow = flow_of(raw, settings, fetched_at=fetched_at)
        found.setdefault(flow.native_id, flow)
    return list(found.values())


def pushdown(query: FlowQuery, options: CamundaOptions) -> FlowQuery:
    """The part of `query` that `filter_of` can say; no flow of this vendor has a subject."""
    return FlowQuery(
        ids=query.ids,
        states=_pushed_states(query.states, options),
        definition_keys=query.definition_keys,
        subject_types=query.subject_types,
        subject_ids=query.subject_ids,
        subject_label=query.subject_label,
        has_start=query.has_start,
        started_at=None if query.started_at is None else outward(query.started_at),
    )


def filter_of(query: FlowQuery, options: CamundaOptions) -> dict[str, object] | None:
    """The filter of a pushed-down query; None when nothing can match, so that no call is needed."""
    if any(asked is not None for asked in (query.subject_types, query.subject_ids, query.subject_label)):
        return None
    askable = _askable(options)
    names = None if query.states is None else [name for name, state in askable.items() if state in query.states]
    members: Members = {}
    could_match = (
        add_set(members, "processInstanceKey", None if query.ids is None else keys_of(query.ids))
        and add_set(members, "state", names)
        and add_set(members, "processDefinitionId", query.definition_keys)
        and add_exists(members, "startDate", query.has_start)
        and (query.started_at is None or add_interval(members, "startDate", query.started_at))
    )
    return written(members) if could_match else None


def start_of(command: StartFlow, options: CamundaOptions) -> dict[str, object]:
    """The request that starts it; ValidationFailedError names what this server cannot take."""
    if command.subjects:
        raise ValidationFailedError("Camunda 8 links no business objects to a process instance", field=("subjects",))
    body: dict[str, object] = {
        "processDefinitionId": command.definition_key,
        "variables": variables_of(command.data or {}),
    }
    if command.version is not None:
        body["processDefinitionVersion"] = _version_number(command.version)
    for name, value in (command.options or {}).items():
        if name not in {"businessId", "tags", "tenantId"} or (name == "businessId" and options.minor < 9):
            raise ValidationFailedError(f"this server knows no {name!r}", field=("options", name))
        texts = value if name == "tags" else [value]
        if not (isinstance(texts, list | tuple) and texts and all(isinstance(text, str) and text for text in texts)):
            raise ValidationFailedError(f"{name} does not hold what it should", field=("options", name))
        body[name] = value
    return body


def started_flow(answer: wire.StartedInstance, settings: CamundaSettings, *, fetched_at: datetime) -> Flow:
    """The answer has neither name nor times; the search will."""
    return Flow(
        source=settings.key,
        native_id=answer.process_instance_key,
        state=FlowState.ACTIVE,
        rule="c8.flow.active",
        fetched_at=fetched_at,
        name=answer.process_definition_id,
        definition=_definition(
            key=answer.process_definition_key,
            id=answer.process_definition_id,
            name=None,
            version=answer.process_definition_version,
        ),
        started_at=fetched_at,
        business_key=answer.business_id,
        url=url_of(settings.options.flow_url_template, answer.process_instance_key),
        native_state="ACTIVE",
    )


def changed_flow(flow: Flow, native: str, *, at: datetime) -> Flow:
    """As it will be shown in another native state."""
    state = FLOW_STATES[native]
    return msgspec.structs.replace(
        flow,
        state=state,
        rule=f"c8.flow.{native.lower()}",
        native_state=native,
        ended_at=at if state is FlowState.CANCELED else None,
        fetched_at=at,
        payload=None,
    )


def task_within_flow(task: Task, flow: Flow) -> Task:
    """From 8.10 a process instance can be suspended: nobody can work on its open tasks then."""
    if not task.is_open or flow.state is not FlowState.SUSPENDED:
        return task
    return msgspec.structs.replace(
        task, state=TaskState.SUSPENDED, state_reason="FLOW_SUSPENDED", rule="c8.flow.suspended"
    )


def _pushed_states(states: frozenset[FlowState] | None, options: CamundaOptions) -> frozenset[FlowState] | None:
    """UNKNOWN alone is not asked for: there is no way to say "any value but these"."""
    if states is None or FlowState.UNKNOWN not in states or states & frozenset(_askable(options).values()):
        return states
    return None


def _askable(options: CamundaOptions) -> Mapping[str, FlowState]:
    """Before server 8.10 the search refuses a state that it does not know."""
    return {name: state for name, state in FLOW_STATES.items() if name != "SUSPENDED" or options.minor >= 10}


def _definition(*, key: str | None, id: str | None, name: str | None, version: int | None) -> Definition | None:
    if key is None or id is None:
        return None
    return Definition(native_id=key, key=id, name=name, version=version_of(version))


def _version_number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and 0 < int(text) <= LATEST_VERSION):
        raise ValidationFailedError("is no version of a process: a number from 1", field=("version",))
    return int(text)
