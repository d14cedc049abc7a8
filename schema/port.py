"""What the graph asks of the gateway: values in, values out, no GraphQL and no vendor.

`Federation` is implemented in the layer above; resolvers, loaders and mutations know nothing else of it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from connectors.sdk.caller import Caller
from connectors.sdk.capability import Support
from connectors.sdk.commands import CancelStrategy, MutationStatus
from connectors.sdk.errors import (
    ConnectorError,
    RateLimitedError,
    RejectedError,
    UnsupportedActionError,
    ValidationFailedError,
)
from connectors.sdk.model import (
    CountAccuracy,
    DetailAspect,
    Flow,
    FlowRef,
    Group,
    NativeRef,
    Task,
    TaskDetail,
    TaskRef,
    TaskState,
    User,
)
from connectors.sdk.query import SortKey


class InboxScope(StrEnum):
    MINE = "MINE"
    CLAIMABLE = "CLAIMABLE"
    MINE_OR_CLAIMABLE = "MINE_OR_CLAIMABLE"
    MY_GROUPS = "MY_GROUPS"
    ALL_VISIBLE = "ALL_VISIBLE"


class SourceStatus(StrEnum):
    OK = "OK"
    STALE = "STALE"
    PARTIAL = "PARTIAL"
    RATE_LIMITED = "RATE_LIMITED"
    UNAVAILABLE = "UNAVAILABLE"
    UNAUTHORIZED = "UNAUTHORIZED"
    FORBIDDEN = "FORBIDDEN"
    SKIPPED = "SKIPPED"


class FilterPlacement(StrEnum):
    PUSHED_DOWN = "PUSHED_DOWN"
    GATEWAY = "GATEWAY"
    IGNORED = "IGNORED"


class Problem(Struct, frozen=True, kw_only=True):
    """A failure as data. `code` is a UserErrorCode of the graph."""

    code: str
    message: str
    field: tuple[str, ...] | None = None
    retry_at: datetime | None = None
    alternatives: tuple[CancelStrategy, ...] | None = None
    native_status: int | None = None
    native_code: str | None = None

    @classmethod
    def from_error(cls, error: ConnectorError) -> "Problem":
        return cls(
            code=error.code,
            message=str(error),
            field=(error.field or None) if isinstance(error, ValidationFailedError) else None,
            retry_at=error.retry_at if isinstance(error, RateLimitedError) else None,
            alternatives=(
                tuple(CancelStrategy(strategy) for strategy in error.alternatives)
                if isinstance(error, UnsupportedActionError)
                else None
            ),
            native_status=error.native_status,
            native_code=error.native_code,
        )


class IdempotencyKeyReusedError(RejectedError):
    """The key was sent before with other arguments."""

    code = "IDEMPOTENCY_KEY_REUSED"


class GatewayUnavailableError(ConnectorError):
    """The journal of writes cannot be written: nothing is sent that could not be accounted for."""

    code = "GATEWAY_UNAVAILABLE"


class PersonId(Struct, frozen=True):
    """A person of the configuration by key, or an unlinked one by source and native id; exactly one is set."""

    key: str | None = None
    ref: NativeRef | None = None


class TaskFilter(Struct, frozen=True, kw_only=True):
    """Every member that is not None must hold; an empty set matches nothing. `sources` are source keys."""

    states: frozenset[TaskState] | None = None
    sources: frozenset[str] | None = None
    assignees: frozenset[PersonId] | None = None
    has_assignee: bool | None = None
    flows: frozenset[FlowRef] | None = None


class TaskListRequest(Struct, frozen=True, kw_only=True):
    """`first` is 1..100, checked by the graph. `count` asks for the total, which may cost calls."""

    scope: InboxScope = InboxScope.ALL_VISIBLE
    filter: TaskFilter = TaskFilter()
    order: tuple[SortKey, ...] = ()
    first: int = 25
    after: str | None = None
    fresh: bool = False
    count: bool = True


class SourceReport(Struct, frozen=True, kw_only=True):
    """What one source gave to a list, and what it could not."""

    source: str
    status: SourceStatus
    count: int | None = None
    count_accuracy: CountAccuracy = CountAccuracy.UNKNOWN
    fetched_at: datetime | None = None
    from_cache: bool = False
    upstream_calls: int = 0
    truncated: bool = False
    filter_placement: FilterPlacement = FilterPlacement.PUSHED_DOWN
    sort_placement: FilterPlacement = FilterPlacement.PUSHED_DOWN
    error: Problem | None = None


class TaskEdgeRow(Struct, frozen=True):
    """A task and the way to its cursor; cursors are made when asked for."""

    task: Task
    cursor: Callable[[], str]


class TaskList(Struct, frozen=True, kw_only=True):
    edges: Sequence[TaskEdgeRow]
    has_next_page: bool
    has_previous_page: bool
    total: int | None
    total_accuracy: CountAccuracy
    is_complete: bool
    sources: Sequence[SourceReport]


class SourceInfo(Struct, frozen=True, kw_only=True):
    """One configured source as the graph shows it: no address, no secret."""

    key: str
    name: str
    vendor: str
    status: SourceStatus
    acts_as: str
    status_reason: str | None = None
    last_success_at: datetime | None = None
    time_zone: str | None = None


class Intent(Struct, frozen=True, kw_only=True, tag=True):
    """What a person wants done with one task; a source turns it into its commands."""


class ClaimIntent(Intent, frozen=True, kw_only=True):
    pass


class ReleaseIntent(Intent, frozen=True, kw_only=True):
    reason: str | None = None


class UnassignIntent(Intent, frozen=True, kw_only=True):
    reason: str | None = None


class AssignIntent(Intent, frozen=True, kw_only=True):
    """Exactly one of `user` and `group`: checked before anything is read."""

    user: PersonId | None = None
    group: NativeRef | None = None
    override: bool = False
    keep_group: bool = True
    reason: str | None = None


class CompleteIntent(Intent, frozen=True, kw_only=True):
    outcome: str | None = None
    data: dict[str, object] | None = None
    comment: str | None = None
    claim_if_needed: bool = False


class CancelIntent(Intent, frozen=True, kw_only=True):
    allow: tuple[CancelStrategy, ...] = (CancelStrategy.NATIVE,)
    reason: str | None = None


class WriteRequest(Struct, frozen=True, kw_only=True):
    task: TaskRef
    intent: Intent
    expected_version: str | None = None
    idempotency_key: str | None = None


class WriteResult(Struct, frozen=True, kw_only=True):
    """APPLIED: the vendor has it. REJECTED: it did not happen. UNKNOWN: it may or may not have happened."""

    status: MutationStatus
    operation_id: str
    task: Task | None = None
    problems: tuple[Problem, ...] = ()
    support: Support = Support.UNSUPPORTED
    atomic: bool = False
    effect: str | None = None
    replayed: bool = False
    upstream_calls: int = 0


class Federation(Protocol):
    """All sources as one. Reads raise ConnectorError only where they say so; lists carry failures as reports."""

    def sources(self) -> Sequence[SourceInfo]:
        """Every configured source in configuration order, answered from memory."""

    def person(self, key: str) -> Caller | None:
        """The person of the configuration with that key."""

    def person_linked_to(self, ref: NativeRef) -> Caller | None:
        """The person whose identity in that source it is."""

    async def list_tasks(self, caller: Caller, request: TaskListRequest) -> TaskList:
        """One merged page. ValidationFailedError for a cursor that does not fit."""

    async def get_tasks(
        self, caller: Caller, refs: Sequence[TaskRef], *, fresh: bool = False
    ) -> Mapping[TaskRef, Task | ConnectorError]:
        """Visible tasks by ref; unknown and invisible ones are absent."""

    async def get_details(
        self, caller: Caller, wanted: Mapping[TaskRef, frozenset[DetailAspect]]
    ) -> Mapping[TaskRef, TaskDetail | ConnectorError]:
        """The aspects asked for, of tasks that the caller may see."""

    async def get_flows(
        self, caller: Caller, refs: Sequence[FlowRef], *, fresh: bool = False
    ) -> Mapping[FlowRef, Flow | ConnectorError]:
        """Flows by ref, without a check of visibility: for flows reached from a visible task."""

    async def get_visible_flow(self, caller: Caller, ref: FlowRef, *, fresh: bool = False) -> Flow | None:
        """A flow by id: visible to task admins and to whoever sees one of its tasks. Raises ConnectorError."""

    async def get_users(self, refs: Sequence[NativeRef]) -> Mapping[NativeRef, User]:
        """People of the vendors' directories; who cannot be loaded is absent."""

    async def get_groups(self, refs: Sequence[NativeRef]) -> Mapping[NativeRef, Group]:
        """Groups of the vendors' directories; what cannot be loaded is absent."""

    async def perform(self, caller: Caller, request: WriteRequest) -> WriteResult:
        """Carry out a write at most once. Never raises ConnectorError: failures are problems of the result."""
