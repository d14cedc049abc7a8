"""The values that pass between the graph and the gateway: no GraphQL in them and no vendor."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from msgspec import Struct

from connectors.sdk.caller import Caller
from connectors.sdk.capability import Support
from connectors.sdk.commands import CancelStrategy, TaskAction
from connectors.sdk.errors import (
    ConnectorError,
    RateLimitedError,
    RejectedError,
    UnsupportedActionError,
    ValidationFailedError,
)
from connectors.sdk.model import (
    CountAccuracy,
    Definition,
    FlowRef,
    Group,
    NativeRef,
    Task,
    TaskKind,
    TaskPriority,
    TaskRef,
    TaskState,
    User,
)
from connectors.sdk.query import FlowQuery, Interval, SortKey, TaskOrderField, TextMatch

T = TypeVar("T")


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


class SubjectMatch(Struct, frozen=True, kw_only=True):
    """Some one subject must fit all members that are not None; `label` may be a part of the name."""

    type: str | None = None
    native_id: str | None = None
    label: str | None = None


class TaskFilter(Struct, frozen=True, kw_only=True):
    """Every member that is not None must hold; an empty set matches nothing. `sources` are source keys.

    Texts come twice: as values that must be met exactly, and as a match. `present` and `absent` are times that must,
    or must not, be there. Beside its own members all of `all_of`, one of `any_of` and not `none_of` must hold.
    """

    ids: frozenset[TaskRef] | None = None
    sources: frozenset[str] | None = None
    vendors: frozenset[str] | None = None
    vendor: TextMatch | None = None
    states: frozenset[TaskState] | None = None
    kinds: frozenset[TaskKind] | None = None
    priorities: frozenset[TaskPriority] | None = None
    is_overdue: bool | None = None
    is_escalated: bool | None = None
    text: str | None = None
    titles: frozenset[str] | None = None
    title: TextMatch | None = None
    business_keys: frozenset[str] | None = None
    business_key: TextMatch | None = None
    tags: frozenset[str] | None = None
    tag: TextMatch | None = None
    definition_keys: frozenset[str] | None = None
    definition: TextMatch | None = None
    assignees: frozenset[PersonId] | None = None
    has_assignee: bool | None = None
    candidate_users: frozenset[PersonId] | None = None
    has_candidate_users: bool | None = None
    candidate_groups: frozenset[NativeRef] | None = None
    has_candidate_groups: bool | None = None
    flows: frozenset[FlowRef] | None = None
    has_flow: bool | None = None
    subject: SubjectMatch | None = None
    times: tuple[tuple[TaskOrderField, Interval], ...] = ()
    present: frozenset[TaskOrderField] = frozenset()
    absent: frozenset[TaskOrderField] = frozenset()
    all_of: tuple["TaskFilter", ...] = ()
    any_of: tuple["TaskFilter", ...] | None = None
    none_of: "TaskFilter | None" = None


class TaskListRequest(Struct, frozen=True, kw_only=True):
    """`first` is 1..100, checked by the graph. `count` asks for the total, which may cost calls.

    `backward`: the last `first` rows, or those that end before the cursor `after`. `now` is the moment at which tasks are overdue; the gateway's own where it is None.
    """

    scope: InboxScope = InboxScope.ALL_VISIBLE
    filter: TaskFilter = TaskFilter()
    order: tuple[SortKey, ...] = ()
    first: int = 25
    after: str | None = None
    backward: bool = False
    fresh: bool = False
    count: bool = True
    now: datetime | None = None


class SourceReport(Struct, frozen=True, kw_only=True):
    """What one source gave to a list, and what it could not. `note`: what its lists may leave out by their nature."""

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
    note: str | None = None
    error: Problem | None = None


class TaskDimension(StrEnum):
    SOURCE = "SOURCE"
    VENDOR = "VENDOR"
    STATE = "STATE"
    ASSIGNEE = "ASSIGNEE"
    CANDIDATE_GROUP = "CANDIDATE_GROUP"
    PRIORITY = "PRIORITY"
    OVERDUE = "OVERDUE"
    DUE_DAY = "DUE_DAY"
    DEFINITION = "DEFINITION"
    KIND = "KIND"
    TAG = "TAG"


class StatsRequest(Struct, frozen=True, kw_only=True):
    """`now` as for lists."""

    filter: TaskFilter = TaskFilter()
    group_by: tuple[TaskDimension, ...] = ()
    fresh: bool = False
    now: datetime | None = None


class BucketKey(Struct, frozen=True):
    """One value of one dimension; `value` None is for tasks that have none."""

    dimension: TaskDimension
    value: str | None = None
    label: str | None = None
    user: PersonId | None = None
    group: NativeRef | None = None
    source: str | None = None


class TaskBucket(Struct, frozen=True, kw_only=True):
    keys: tuple[BucketKey, ...]
    count: int
    overdue: int
    oldest_created_at: datetime | None
    next_due_at: datetime | None
    accuracy: CountAccuracy


class TaskStats(Struct, frozen=True, kw_only=True):
    """Buckets sum to `total`; the largest comes first."""

    total: int
    accuracy: CountAccuracy
    overdue: int
    buckets: Sequence[TaskBucket]
    sources: Sequence[SourceReport]


class PageRequest(Struct, frozen=True, kw_only=True):
    """`first` is 1..100, checked by the graph. `sources` None asks all that have such a list. `backward` as for tasks."""

    sources: frozenset[str] | None = None
    first: int = 25
    after: str | None = None
    backward: bool = False
    fresh: bool = False
    count: bool = True


class FlowListRequest(PageRequest, frozen=True, kw_only=True):
    """The query's ids and definitions are the vendors' own."""

    query: FlowQuery = FlowQuery()


class DefinitionRow(Struct, frozen=True):
    """A task definition and the source that has it."""

    source: str
    definition: Definition

    @property
    def native_id(self) -> str:
        return self.definition.native_id


class PersonRow(Struct, frozen=True):
    """A person of the configuration (`source` is a mark), or an account of one source that belongs to none of them."""

    source: str
    native_id: str
    name: str
    person: Caller | None
    user: User | None


class GroupRow(Struct, frozen=True):
    """A group and the source that has it."""

    source: str
    group: Group

    @property
    def native_id(self) -> str:
        return self.group.native_id

    @property
    def name(self) -> str:
        return self.group.name


class EdgeRow(Struct, Generic[T], frozen=True):
    """A row and the way to its cursor; cursors are made when asked for."""

    item: T
    cursor: Callable[[], str]


class RowList(Struct, Generic[T], frozen=True, kw_only=True):
    edges: Sequence[EdgeRow[T]]
    has_next_page: bool
    has_previous_page: bool
    total: int | None
    total_accuracy: CountAccuracy
    sources: Sequence[SourceReport]


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


class ActionCapability(Struct, frozen=True, kw_only=True):
    """How far a source has an action. `requires_role` is a role of the gateway's."""

    action: TaskAction
    support: Support
    atomic: bool
    requires_role: str | None = None
    note: str | None = None


class Verdict(Struct, frozen=True, kw_only=True):
    """Whether a person may do something to a task now; `reason` is the first condition that fails."""

    action: TaskAction
    allowed: bool
    support: Support
    atomic: bool
    reason: str | None = None


class CacheInfo(Struct, frozen=True, kw_only=True):
    """What is kept of a source's answers."""

    ttl_seconds: int
    entries: int = 0
    hit_ratio: float | None = None
    oldest_fetched_at: datetime | None = None


class RateLimit(Struct, frozen=True, kw_only=True):
    """How much of a vendor's limit is left. `observed`: by the vendor's own word, not by configuration."""

    name: str
    limit: int | None
    remaining: int | None
    reset_at: datetime | None
    observed: bool


class SourceInfo(Struct, frozen=True, kw_only=True):
    """One configured source as the graph shows it: no address, no secret. One capability for each action."""

    key: str
    name: str
    vendor: str
    status: SourceStatus
    acts_as: str
    status_reason: str | None = None
    last_success_at: datetime | None = None
    time_zone: str | None = None
    capabilities: tuple[ActionCapability, ...] = ()
    cache: CacheInfo | None = None
    rate_limits: tuple[RateLimit, ...] = ()
