"""The engine: user tasks and process instances on one state."""

from datetime import datetime

from sandbox.camunda.definitions import TaskListeners
from sandbox.camunda.engine.execution import Execution
from sandbox.camunda.engine.instance_commands import InstanceCommands
from sandbox.camunda.engine.state import State
from sandbox.camunda.engine.task_commands import TaskCommands
from sandbox.camunda.sample import SampleData
from sandbox.camunda.store import SearchStore
from sandbox.stand_in import Clock, EffectLog


class Engine:
    def __init__(
        self, data: SampleData, store: SearchStore, listeners: TaskListeners, clock: Clock, effects: EffectLog
    ) -> None:
        self._state = State(data, store, listeners, clock, effects)
        execution = Execution(self._state)
        self.tasks = TaskCommands(self._state, execution)
        self.instances = InstanceCommands(self._state, execution)

    def settle(self, now: datetime) -> None:
        """Carry out transitions whose task listeners are done."""
        self._state.transitions.settle(now)
