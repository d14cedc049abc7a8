"""A source in memory whose vendor takes several assignments in one request."""

from collections.abc import Callable, Hashable, Mapping, Sequence

from connectors.sdk.capability import handles
from connectors.sdk.commands import Assign, Claim, Outcome, TaskCommand, Unassign
from connectors.sdk.errors import AlreadyAssignedError, ConnectorError
from connectors.sdk.http import current_call
from connectors.sdk.model import Task, TaskState, UserRef
from tests.gateway.federation.memory_source import MemoryConnector

Answers = dict[str, Outcome | ConnectorError]


class ArrayConnector(MemoryConnector):
    """`requests` are the ids of each request with several tasks. `before` is called when one is about to be applied.

    `lost` is raised after it was applied, `lost_before` before that. `changed` may change the lines of the answer.
    """

    arrays = frozenset({Claim, Assign, Unassign})

    def __init__(self, key: str, tasks: Sequence[Task] = ()) -> None:
        super().__init__(key, tasks)
        self.requests: list[tuple[str, ...]] = []
        self.reads: list[tuple[str, ...]] = []
        self.before: Callable[[], None] = lambda: None
        self.lost: ConnectorError | None = None
        self.lost_before: ConnectorError | None = None
        self.changed: Callable[[Answers], Mapping[str, Outcome | ConnectorError]] = lambda answers: answers

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        self.reads.append(tuple(ids))
        return await super().get_tasks(ids)

    @handles(Assign, guarded=True)
    async def assign(self, command: Assign) -> Outcome:
        if self.held[command.task.native_id].assignees and not command.override:
            raise AlreadyAssignedError("taken")
        owner = UserRef(native_id=command.user_id or "")
        return self._write("assign", command.task, state=TaskState.RESERVED, assignees=(owner,))

    @handles(Unassign, guarded=True)
    async def unassign(self, command: Unassign) -> Outcome:
        return self._write("unassign", command.task, state=TaskState.READY, assignees=())

    def array_of(self, command: TaskCommand) -> Hashable | None:
        """Tasks with an owner travel apart, as at UiPath."""
        return (type(command), bool(command.task.assignees)) if type(command) in self.arrays else None

    async def perform_array(self, commands: Sequence[TaskCommand]) -> Mapping[str, Outcome | ConnectorError]:
        current_call().count_request()
        self.requests.append(tuple(command.task.native_id for command in commands))
        self.before()
        if self.lost_before is not None:
            raise self.lost_before
        answers: Answers = {}
        for command in commands:
            try:
                answers[command.task.native_id] = await self.perform(command)
            except ConnectorError as error:
                answers[command.task.native_id] = error
        if self.lost is not None:
            raise self.lost
        return self.changed(answers)
