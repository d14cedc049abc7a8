"""The engine: user tasks and process instances on one state."""

from datetime import datetime

from sandbox.camunda.execution import Execution
from sandbox.camunda.instance_commands import InstanceCommands
from sandbox.camunda.listeners import Listeners
from sandbox.camunda.seeding import Seeded
from sandbox.camunda.state import State
from sandbox.camunda.store import Store
from sandbox.camunda.task_commands import TaskCommands
from sandbox.stand_in import Clock, EffectLog


class Engine:
    def __init__(self, data: Seeded, store: Store, listeners: Listeners, clock: Clock, effects: EffectLog) -> None:
        self._state = State(data, store, listeners, clock, effects)
        execution = Execution(self._state)
        self.tasks = TaskCommands(self._state, execution)
        self.instances = InstanceCommands(self._state, execution)

    def settle(self, now: datetime) -> None:
        """Let happen what task listeners held up until now."""
        self._state.transitions.settle(now)
