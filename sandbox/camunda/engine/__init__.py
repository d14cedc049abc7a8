"""The engine: the truth that searches see later.

- `engine`: all commands on one state
- `state`: open tasks and running instances
- `execution`: the run of a process instance
- `task_commands`: commands on user tasks
- `instance_commands`: commands on process instances
- `transitions`: transitions that wait for a task listener
"""

from sandbox.camunda.engine.engine import Engine
from sandbox.camunda.engine.instance_commands import Activation, Creation, Termination

__all__ = ["Activation", "Creation", "Engine", "Termination"]
