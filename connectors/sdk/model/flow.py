"""A flow: the process instance, workflow run or case that tasks belong to."""

from datetime import datetime

import msgspec
from msgspec import Struct

from connectors.sdk.model.enums import FlowState, PhaseState
from connectors.sdk.model.refs import Definition, FlowRef, SubjectRef, UserRef


class FlowPhase(Struct, frozen=True, kw_only=True):
    """A stage of a flow. `progress` is the share that is done, from 0 to 1."""

    key: str
    name: str
    state: PhaseState
    due_at: datetime | None = None
    progress: float | None = None


class Flow(Struct, frozen=True, kw_only=True):
    """One running or ended flow. A stub with state UNKNOWN and nothing but the id is valid.

    `current_task_ids` are the tasks that can be worked on now, if the vendor's record names them.
    """

    source: str
    native_id: str
    state: FlowState
    rule: str
    fetched_at: datetime
    name: str | None = None
    definition: Definition | None = None
    has_incident: bool | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    due_at: datetime | None = None
    started_by: UserRef | None = None
    business_key: str | None = None
    subjects: tuple[SubjectRef, ...] | None = None
    parent_id: str | None = None
    root_id: str | None = None
    phases: tuple[FlowPhase, ...] | None = None
    current_task_ids: tuple[str, ...] | None = None
    url: str | None = None
    native_type: str | None = None
    native_state: str | None = None
    payload: msgspec.Raw | None = None

    @property
    def ref(self) -> FlowRef:
        return FlowRef(self.source, self.native_id)
