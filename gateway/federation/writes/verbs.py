"""The table of verbs: a row for each command, with all that the gateway must know of it.

`authorization.table` says who may use a verb in which state; how a source supports it is the connector's
capability. To add a verb: its action and command (`connectors.sdk.commands`), its intent (`schema.ports`), its
row here, its rule in `authorization.table` if it is about a task, and its mutation in the graph. Arguments that intent
and command call by the same name need nothing more; others are converted in `command_builder`.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from connectors.sdk import commands
from connectors.sdk.commands import (
    Cancel,
    CancelStrategy,
    Command,
    FlowCommand,
    TaskAction,
    TaskCommand,
    Update,
    actions_of,
)
from connectors.sdk.connector import Connector
from connectors.sdk.errors import UnsupportedActionError
from connectors.sdk.model import Flow, FlowState, Task, TaskState
from gateway.federation.cache import Kind, Tag
from gateway.federation.writes import wanted_states as states
from schema.ports import (
    AssignIntent,
    CancelFlowIntent,
    CancelIntent,
    ClaimIntent,
    CommentIntent,
    CompleteIntent,
    CreateTaskIntent,
    FlowIntent,
    Intent,
    ReleaseIntent,
    ResumeFlowIntent,
    ResumeIntent,
    RetryIntent,
    SaveDraftIntent,
    SourceIntent,
    StartFlowIntent,
    StartIntent,
    SuspendFlowIntent,
    SuspendIntent,
    TagIntent,
    UnassignIntent,
    UpdateIntent,
)

C = TypeVar("C", bound=Command)


class Verb(Struct, frozen=True, kw_only=True):
    """`within_task`: it changes the task, its lists and its flow. Otherwise it may start, change or end other tasks too.

    `shows` tells whether a record has the state that a command is to bring about; None if no record shows it. That alone
    proves no write: `proof` does.
    `flow_states` are those in which a verb of a flow may be sent.
    """

    intent: type[Intent]
    command: type[Command]
    within_task: bool
    shows: Callable[[Any, Any], bool] | None
    flow_states: frozenset[FlowState]

    @property
    def actions(self) -> frozenset[TaskAction]:
        """What the graph calls it. An update is one action for each group of fields."""
        if issubclass(self.command, Update):
            return actions_of(frozenset(commands.UpdateField))
        return frozenset({self.command.action})


def _task_verb(
    intent: type[Intent],
    command: type[C],
    *,
    within_task: bool = False,
    shows: Callable[[C, Task], bool] | None = None,
) -> Verb:
    return Verb(intent=intent, command=command, within_task=within_task, shows=shows, flow_states=frozenset())


def _flow_verb(
    intent: type[FlowIntent], command: type[C], *, states: set[FlowState], shows: Callable[[C, Flow], bool]
) -> Verb:
    return Verb(intent=intent, command=command, within_task=False, shows=shows, flow_states=frozenset(states))


def _creation(intent: type[SourceIntent], command: type[Command]) -> Verb:
    """No record has existed before."""
    return Verb(intent=intent, command=command, within_task=False, shows=None, flow_states=frozenset())


_ENDED = states.has_state(TaskState.CANCELED, TaskState.SKIPPED)
_RUNNING = {FlowState.ACTIVE, FlowState.SUSPENDED}

VERBS: Sequence[Verb] = (
    _task_verb(ClaimIntent, commands.Claim, within_task=True, shows=states.is_claimed),
    _task_verb(ReleaseIntent, commands.Release, within_task=True, shows=states.has_no_owner),
    _task_verb(AssignIntent, commands.Assign, within_task=True, shows=states.is_assigned),
    _task_verb(UnassignIntent, commands.Unassign, within_task=True, shows=states.has_no_owner),
    _task_verb(StartIntent, commands.Start, within_task=True, shows=states.has_state(TaskState.IN_PROGRESS)),
    _task_verb(SuspendIntent, commands.Suspend, within_task=True, shows=states.has_state(TaskState.SUSPENDED)),
    _task_verb(ResumeIntent, commands.Resume, within_task=True, shows=states.is_resumed),
    _task_verb(UpdateIntent, commands.Update, within_task=True, shows=states.is_updated),
    _task_verb(TagIntent, commands.SetTags, within_task=True, shows=states.has_tags),
    _task_verb(SaveDraftIntent, commands.SaveDraft, within_task=True),
    _task_verb(CommentIntent, commands.AddComment, within_task=True),
    _task_verb(RetryIntent, commands.Retry, shows=states.is_retried),
    _task_verb(CompleteIntent, commands.Complete, shows=states.has_state(TaskState.COMPLETED)),
    # In the order of CancelStrategy: the first that is allowed and supported is used.
    _task_verb(CancelIntent, commands.Cancel, shows=_ENDED),
    _task_verb(CancelIntent, commands.Skip, shows=_ENDED),
    _task_verb(CancelIntent, commands.DeleteTask, shows=_ENDED),
    _task_verb(CancelIntent, commands.CancelFlowOfTask, shows=_ENDED),
    _flow_verb(
        CancelFlowIntent,
        commands.CancelFlow,
        states=_RUNNING,
        shows=states.flow_has_state(FlowState.CANCELED),
    ),
    _flow_verb(
        SuspendFlowIntent,
        commands.SuspendFlow,
        states={FlowState.ACTIVE},
        shows=states.flow_has_state(FlowState.SUSPENDED),
    ),
    _flow_verb(
        ResumeFlowIntent,
        commands.ResumeFlow,
        states={FlowState.SUSPENDED},
        shows=states.flow_has_state(FlowState.ACTIVE),
    ),
    _creation(CreateTaskIntent, commands.CreateTask),
    _creation(StartFlowIntent, commands.StartFlow),
)

_BY_COMMAND = {verb.command: verb for verb in VERBS}
# An intent has one command; cancelling has several, and the strategy selects one.
_BY_INTENT = {verb.intent: verb for verb in VERBS}
_BY_STRATEGY = {verb.command.strategy: verb for verb in VERBS if issubclass(verb.command, Cancel)}


def verb_for(connector: Connector[Any], intent: Intent) -> Verb:
    """The verb that this source uses for an intent. UnsupportedActionError, without a call, if it has none."""
    if isinstance(intent, CancelIntent):
        return _cancel_verb(connector, intent)
    verb = _BY_INTENT[type(intent)]
    if verb.command not in connector.info.capabilities:
        raise UnsupportedActionError(f"{connector.info.title} does not support {action_of(intent)}")
    return verb


def action_of(intent: Intent) -> TaskAction:
    """What the journal records: of an update the first of its actions."""
    if isinstance(intent, UpdateIntent):
        return min(actions_of(intent.fields), default=intent.action)
    return intent.action


def is_shown(command: Command, now: Task | Flow) -> bool:
    """Whether the record shows the state that the command is to bring about, by any write."""
    shows = _BY_COMMAND[type(command)].shows
    return shows is not None and shows(command, now)


def target_tag(command: Command) -> Tag | None:
    """The tag of the record that the command changes; None if it creates one."""
    if isinstance(command, TaskCommand):
        return Tag(command.task.source, Kind.TASK, command.task.native_id)
    if isinstance(command, FlowCommand):
        return Tag(command.flow.source, Kind.FLOW, command.flow.native_id)
    return None


def touched(source: str, command: Command) -> tuple[Tag, ...]:
    """The tags of all cached answers that the command can make outdated.

    The task, its flow and every list that could hold it; or all tasks and flows of the source. Users, groups and
    definitions never change.
    """
    if isinstance(command, TaskCommand) and _BY_COMMAND[type(command)].within_task:
        task = command.task
        flow = () if task.flow_id is None else (Tag(source, Kind.FLOW, task.flow_id),)
        return (Tag(source, Kind.TASK, task.native_id), Tag(source, Kind.TASK_LIST), *flow)
    return tuple(Tag(source, kind) for kind in (Kind.TASK, Kind.TASK_LIST, Kind.FLOW, Kind.FLOW_LIST))


def _cancel_verb(connector: Connector[Any], intent: CancelIntent) -> Verb:
    possible = connector.info.cancel_strategies
    for strategy in CancelStrategy:
        if strategy in intent.allow and strategy in possible:
            return _BY_STRATEGY[strategy]
    advice = f"allow {' or '.join(possible)}" if possible else "it has no way to cancel a task"
    raise UnsupportedActionError(
        f"{connector.info.title} cannot cancel a task in the ways that you allow; {advice}", alternatives=possible
    )
