"""What a vendor tells the contract suite about its stand-in, and what the suite asks for with it."""

from collections.abc import Iterator, Sequence

from msgspec import Struct
from pydantic import SecretStr

from connectors.sdk.caller import Identity
from connectors.sdk.commands import CreateTask, StartFlow, TaskCommand
from connectors.sdk.model import OPEN_STATES, Task, TaskPriority, TaskState
from connectors.sdk.query import Interval, TaskOrderField, TaskQuery

# Ids that no vendor gives. Most of them are attempts to reach another path.
STRANGE_IDS = (
    "",
    ".",
    "..",
    "../users",
    "../../admin",
    "a/b",
    "/",
    "%2e%2e",
    "%2e%2e%2fusers",
    "..%2f..",
    "..;/users",
    "a\\..\\b",
    "a?b=c",
    "a#b",
    "a&b=c",
    "{}",
    "'\"",
    "\x00",
    "a\nb",
    "a\r\nX-Injected: 1",
    "\x7f",
    "@evil.test",
    "//evil.test/x",
    "日本",
    "9" * 600,
)


class ContractSample(Struct, frozen=True, kw_only=True):
    """What a fresh stand-in contains. All ids are native.

    `unowned` are at least three READY tasks that `actor` and `other` may claim; `outcome`, `data` and `comment`
    complete each of them. `starts` names the task to begin with for verbs that do not apply to those, `flow` an ACTIVE
    flow. `create` and `start_flow` are commands that the vendor accepts, None if it has no such command.
    """

    unowned: tuple[str, ...]
    actor: Identity
    other: Identity
    unknown_id: str
    outcome: str | None = None
    data: dict[str, object] | None = None
    comment: str | None = None
    starts: dict[type[TaskCommand], str] = {}
    flow: str | None = None
    create: CreateTask | None = None
    start_flow: StartFlow | None = None


def queries(sample: ContractSample, everything: Sequence[Task], *, takes_unions: bool = False) -> Iterator[TaskQuery]:
    """One query for each member of TaskQuery, and some combinations."""
    people = frozenset({sample.actor.native_id})
    groups = frozenset(sample.actor.groups)
    flows = frozenset(task.flow_id for task in everything if task.flow_id is not None)
    yield TaskQuery()
    yield TaskQuery(states=OPEN_STATES)
    for state in TaskState:
        yield TaskQuery(states=frozenset({state}))
    yield TaskQuery(states=frozenset({TaskState.READY, TaskState.COMPLETED}))
    yield TaskQuery(assignees=people)
    yield TaskQuery(assignees=people, states=OPEN_STATES)
    yield TaskQuery(assignees=frozenset({sample.actor.native_id, sample.other.native_id}))
    yield TaskQuery(has_assignee=True)
    yield TaskQuery(has_assignee=False, states=frozenset({TaskState.READY}))
    yield TaskQuery(candidate_users=people)
    yield TaskQuery(candidate_groups=groups)
    yield TaskQuery(candidate_groups=groups, states=frozenset({TaskState.READY}), has_assignee=False)
    mine, open_to = TaskQuery(assignees=people), frozenset({TaskState.READY})
    offered = TaskQuery(candidate_users=people, states=open_to), TaskQuery(candidate_groups=groups, states=open_to)
    yield TaskQuery(has_candidates=True)
    yield TaskQuery(has_candidates=False)
    yield TaskQuery(flows=frozenset(sorted(flows)[:1]))
    yield TaskQuery(flows=frozenset(sorted(flows)[:3]), states=OPEN_STATES)
    yield from _business(everything)
    if takes_unions:
        yield TaskQuery(any_of=(mine, *offered), states=OPEN_STATES)
        yield TaskQuery(any_of=offered)
        yield TaskQuery(any_of=(TaskQuery(candidate_users=people), TaskQuery(candidate_groups=groups)))
        yield TaskQuery(any_of=(mine, TaskQuery(states=open_to, has_candidates=False)), states=OPEN_STATES)
        yield TaskQuery(any_of=(mine, *offered), candidate_groups=groups, states=OPEN_STATES)
    for field in TaskOrderField:
        yield TaskQuery(present=frozenset({field}))
        yield TaskQuery(absent=frozenset({field}))


def _business(everything: Sequence[Task]) -> Iterator[TaskQuery]:
    """By members of rows, with values that occur."""
    ids = frozenset(task.native_id for task in everything)
    yield TaskQuery(ids=frozenset(sorted(ids)[:3]))
    for kind in {task.kind for task in everything}:
        yield TaskQuery(kinds=frozenset({kind}))
    for priority in TaskPriority:
        yield TaskQuery(priorities=frozenset({priority}), states=OPEN_STATES)
    keys = sorted({task.definition.key for task in everything if task.definition is not None})
    yield TaskQuery(definition_keys=frozenset(keys[:1]))
    yield TaskQuery(definition_keys=frozenset(keys[:2]), states=OPEN_STATES)
    yield TaskQuery(business_keys=frozenset(sorted({t.business_key for t in everything if t.business_key})[:2]))
    subjects = sorted({(s.type, s.native_id) for task in everything for s in task.subjects or ()})[:1]
    for kind_of_subject, subject_id in subjects:
        yield TaskQuery(subject_types=frozenset({kind_of_subject}))
        yield TaskQuery(subject_types=frozenset({kind_of_subject}), subject_ids=frozenset({subject_id}))
    times = sorted({task.due_at for task in everything if task.due_at is not None})
    if times:
        middle = times[len(times) // 2]
        yield TaskQuery(times=((TaskOrderField.DUE_AT, Interval(lt=middle)),))
        yield TaskQuery(times=((TaskOrderField.DUE_AT, Interval(gte=middle)),), states=OPEN_STATES)
        yield TaskQuery(overdue_at=middle)
    created = sorted({task.created_at for task in everything if task.created_at is not None})
    if created:
        middle = created[len(created) // 2]
        yield TaskQuery(times=((TaskOrderField.CREATED_AT, Interval(gt=created[0], lte=middle)),))
    yield TaskQuery(is_escalated=True)
    yield TaskQuery(text=everything[0].title[:6].upper())


def secrets_of(value: object) -> set[str]:
    """The secrets within dumped settings, in plain text."""
    match value:
        case SecretStr():
            return {value.get_secret_value()}
        case dict():
            return set().union(*(secrets_of(each) for each in value.values()))
        case list() | tuple():
            return set().union(*(secrets_of(each) for each in value))
        case _:
            return set()
