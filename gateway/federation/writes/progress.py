"""What the steps of a write have done so far, in words."""

from connectors.sdk.commands import Assign, Claim, Complete, TaskAction, Unassign, Update

# By the name of the command: the journal knows steps by it.
_DONE = {
    Claim.__name__: "claimed",
    Assign.__name__: "assigned to the gateway's account",
    Update.__name__: "candidate groups replaced",
}
# Of a change in two steps, the first may be any part of it.
_PART_DONE = "a part changed"
_TAKEN_BACK = {Assign.__name__: "given back", Update.__name__: "put back"}
_END = {Complete.__name__: "completed", Unassign.__name__: "taken from its owner"}
_OPEN = "; not known whether "


class Progress:
    """Of one write. `end` is the name of its last step's command."""

    def __init__(self, end: str) -> None:
        self._end_step = end
        self._end = _END.get(end, "done")
        self._done: list[str] = []

    def add(self, step: str) -> None:
        """The step was certainly applied."""
        self._done.append(self._words(step))

    def add_unclear(self, step: str) -> None:
        self._done.append(f"not known whether {self._words(step)}")

    def take_back(self, step: str) -> None:
        """The step added last was undone."""
        self._done[-1] = f"{self._words(step)} and {_TAKEN_BACK.get(step, 'undone')}"

    def note_open(self, step: str) -> None:
        """The step added last is not undone yet."""
        self._done[-1] += f", will be {_TAKEN_BACK.get(step, 'undone')}"

    def _words(self, step: str) -> str:
        return _PART_DONE if step == self._end_step == Update.__name__ else _DONE.get(step, "begun")

    @property
    def not_ended(self) -> str | None:
        """The last step certainly did not happen. None if no other did."""
        return f"{', '.join(self._done)}; not {self._end}" if self._done else None

    @property
    def perhaps_ended(self) -> str | None:
        return f"{', '.join(self._done)}{_OPEN}{self._end}" if self._done else None


def settled(effect: str | None, *, is_applied: bool) -> str | None:
    """An effect of `perhaps_ended`, once it is known whether the last step was applied. Other effects stay."""
    done, is_open, end = (effect or "").rpartition(_OPEN)
    if not is_open:
        return effect
    return None if is_applied else f"{done}; not {end}"


# Steps that only lead to what a write asked for, by its action.
_EARLIER = {
    TaskAction.COMPLETE: frozenset({Claim.__name__, Assign.__name__}),
    TaskAction.ASSIGN: frozenset({Update.__name__}),
}


_CHANGES = frozenset(action for action in TaskAction if action.startswith("UPDATE_"))


def earlier_steps(action: TaskAction | None) -> frozenset[str]:
    """The names of steps that only lead to what a write asked for."""
    return frozenset() if action is None else _EARLIER.get(action, frozenset())


def is_end(action: TaskAction | None, step: str) -> bool:
    """Whether a step of that name can bring about what the write asked for."""
    return step not in earlier_steps(action)


def end_of(action: TaskAction | None) -> str:
    """The name of the last step of a write of several."""
    if action in _CHANGES:
        return Update.__name__
    return (Unassign if action is TaskAction.ASSIGN else Complete).__name__
