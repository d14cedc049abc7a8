"""What takes the first step of a write back if the second fails. It is recorded before the first is sent."""

from datetime import datetime

from msgspec import Struct, structs

from connectors.sdk.commands import Assign, IfLate, TaskCommand, Unassign, Update
from connectors.sdk.model import Task, TaskRef


class KeptCommand(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A command as the journal keeps it: one of these, without its author. Of its task only the id is kept."""

    assign: Assign | None = None
    unassign: Unassign | None = None
    update: Update | None = None

    @classmethod
    def of(cls, command: TaskCommand) -> "KeptCommand":
        """TypeError for a command of another kind."""
        task = command.task
        bare = Task(
            source=task.source,
            native_id=task.native_id,
            title="",
            state=task.state,
            rule="kept",
            fetched_at=task.fetched_at,
        )
        kept = structs.replace(command, task=bare, actor=None, reason=None)
        if isinstance(kept, Assign):
            return cls(assign=structs.replace(kept, options=None))
        if isinstance(kept, Unassign):
            return cls(unassign=kept)
        if isinstance(kept, Update):
            return cls(update=structs.replace(kept, options=None))
        raise TypeError(f"{type(command).__name__} is no step that can be kept")

    @property
    def name(self) -> str:
        """Of the command's class."""
        return type(self._command).__name__

    def on(self, task: Task) -> TaskCommand:
        """The command on this task."""
        return structs.replace(self._command, task=task)

    @property
    def _command(self) -> TaskCommand:
        command = self.assign or self.unassign or self.update
        if command is None:
            raise TypeError("no command is kept")
        return command


class Undo(Struct, frozen=True, kw_only=True):
    """`step` is the first step, `undo` takes it back; `end` is the name of the second step's command. `fingerprint` is that
    of the write's arguments.

    `owners` are those that the first leaves, by their native ids. `late`: what the second step does if it arrives after the undo. `end_sent_at`: its answer was lost, it was sent then.
    `is_done`: the task was given back; the record stays until the second step cannot arrive any more.
    """

    operation_id: str
    person: str
    fingerprint: str
    target: TaskRef
    step: KeptCommand
    undo: KeptCommand
    owners: tuple[str, ...]
    end: str
    late: IfLate
    noted_at: datetime
    end_sent_at: datetime | None = None
    is_done: bool = False
