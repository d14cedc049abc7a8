"""A skip as a modification of the process instance: the task's activity is cancelled, and what comes after it starts."""

from collections.abc import Iterator

from connectors.camunda7 import wire
from connectors.sdk import ConflictError, Task


def modification(task: Task, tree: wire.ActivityInstance, reason: str | None) -> dict[str, object]:
    """The body of the modification. ConflictError unless the task's element is active exactly once.

    The engine cancels by element. Only then does the history say that the task was skipped. By the id of one of several
    instances it would say "deleted", and the flow would go on once for each.
    """
    element = None if task.definition is None else task.definition.key.rpartition("/")[2]
    active = [each for each in _leaves(tree) if each.activity_id == element]
    if element is None or not active:
        raise ConflictError("no longer actionable: the process instance is not at this task")
    if len(active) > 1:
        raise ConflictError("several tasks of this step are open in the process instance; it cannot skip one of them")
    instructions = [{"type": "cancel", "activityId": element}, {"type": "startAfterActivity", "activityId": element}]
    body: dict[str, object] = {"instructions": instructions, "skipCustomListeners": False, "skipIoMappings": False}
    return body if not reason else {**body, "annotation": reason[:4000]}


def _leaves(node: wire.ActivityInstance) -> Iterator[wire.ActivityInstance]:
    if not node.child_activity_instances:
        yield node
    for each in node.child_activity_instances:
        yield from _leaves(each)
