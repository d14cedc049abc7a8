"""What the steps of a write have done so far, in words."""

from connectors.sdk.commands import Assign, Claim, Command, Complete, Unassign, Update

# By the name of the command: the journal knows steps by it.
_DONE = {
    Claim.__name__: "claimed",
    Assign.__name__: "assigned to the gateway's account",
    Update.__name__: "candidate groups replaced",
}
_TAKEN_BACK = {Assign.__name__: "given back", Update.__name__: "put back"}
_END = {Complete.__name__: "completed", Unassign.__name__: "taken from its owner"}


class Progress:
    """Of one write. `end` is the name of its last step's command."""

    def __init__(self, end: str) -> None:
        self._end = _END.get(end, "done")
        self._done: list[str] = []

    def add(self, step: str) -> None:
        """The step was certainly applied."""
        self._done.append(_DONE.get(step, "begun"))

    def add_unclear(self, step: str) -> None:
        self._done.append(f"not known whether {_DONE.get(step, 'begun')}")

    def take_back(self, step: str) -> None:
        """The step added last was undone."""
        self._done[-1] = f"{_DONE.get(step, 'begun')} and {_TAKEN_BACK.get(step, 'undone')}"

    def note_open(self, step: str) -> None:
        """The step added last is not undone yet."""
        self._done[-1] += f", will be {_TAKEN_BACK.get(step, 'undone')}"

    @property
    def not_ended(self) -> str | None:
        """The last step certainly did not happen. None if no other did."""
        return f"{', '.join(self._done)}; not {self._end}" if self._done else None

    @property
    def perhaps_ended(self) -> str | None:
        return f"{', '.join(self._done)}; not known whether {self._end}" if self._done else None


def is_end(of: Command | type[Command], step: str) -> bool:
    """Whether a step of that name can bring about what the write asked for; otherwise it only leads there."""
    kind = of if isinstance(of, type) else type(of)
    if kind is Complete:
        return step == Complete.__name__
    return not (kind is Assign and step == Update.__name__)
