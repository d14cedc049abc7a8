"""All records of one engine."""

import random
from datetime import datetime, timedelta

from sandbox.camunda7.definitions import PROCESSES, Process
from sandbox.camunda7.records import Comment, Instance, Operation, Task
from sandbox.stand_in import Clock

MILLISECOND = timedelta(milliseconds=1)


class Store:
    """`definitions` are the ids of the deployed versions, by process key."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self._clock = clock
        self._random = random.Random(seed)
        self.tasks: dict[str, Task] = {}
        self.instances: dict[str, Instance] = {}
        self.comments: list[Comment] = []
        self.operations: list[Operation] = []
        self.deployment = self.new_id()
        self.definitions = {each.key: f"{each.key}:{each.version}:{self.new_id()}" for each in PROCESSES}

    def new_id(self) -> str:
        digits = f"{self._random.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-11f1-{digits[16:20]}-{digits[20:]}"

    def now(self) -> datetime:
        """In whole milliseconds, as the engine keeps times."""
        now = self._clock()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def process_of(self, definition_id: str) -> Process | None:
        return next((each for each in PROCESSES if self.definitions[each.key] == definition_id), None)

    def open_task(self, id: str) -> Task | None:
        task = self.tasks.get(id)
        return task if task is not None and task.is_open else None

    def running(self, id: str) -> Instance | None:
        found = self.instances.get(id)
        return found if found is not None and found.ended is None else None

    def tasks_in(self, instance: Instance) -> list[Task]:
        return [task for task in self.tasks.values() if task.instance is instance and task.is_open]
