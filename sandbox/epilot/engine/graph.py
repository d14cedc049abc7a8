"""Which tasks of a flow have been reached, from the states of tasks and the branches taken."""

from collections.abc import Iterable, Iterator

from msgspec import UNSET

from sandbox.epilot.records import Edge, Flow, Task


def loops_back(flow: Flow, edge: Edge) -> bool:
    """Whether a decision goes back by this edge. No task waits for such an edge."""
    source = flow.task(edge.from_id)
    return (
        source is not None
        and source.loop_config is not UNSET
        and edge.condition_id is not UNSET
        and edge.condition_id == source.loop_config.loop_branch_id
    )


def forward_edges(flow: Flow) -> list[Edge]:
    return [edge for edge in flow.edges if not loops_back(flow, edge)]


def is_taken(task: Task, edge: Edge) -> bool:
    """Whether the flow continues by this edge of a finished task."""
    if task.conditions is UNSET:
        return True
    met = {condition.id for condition in task.conditions if condition.is_met is True}
    if edge.condition_id is not UNSET:
        return edge.condition_id in met
    # An edge without a condition is the default branch. A skipped decision has met no condition.
    return not met


def descendants(edges: Iterable[Edge], starts: Iterable[str]) -> set[str]:
    """Return all tasks after the starts. A start is included only if it comes after another start."""
    following: dict[str, list[str]] = {}
    for edge in edges:
        following.setdefault(edge.from_id, []).append(edge.to_id)
    found: set[str] = set()
    ahead = list(starts)
    while ahead:
        for id in following.get(ahead.pop(), ()):
            if id not in found:
                found.add(id)
                ahead.append(id)
    return found


def reached(flow: Flow) -> set[str]:
    """Return the ids of the flow's first tasks and of all tasks that finished tasks lead to."""
    edges = forward_edges(flow)
    tasks = {task.id: task for task in flow.tasks}
    found = tasks.keys() - {edge.to_id for edge in edges}
    ahead = list(found)
    while ahead:
        task = tasks[ahead.pop()]
        if not task.is_finished:
            continue
        for edge in edges:
            if edge.from_id == task.id and is_taken(task, edge) and edge.to_id not in found:
                found.add(edge.to_id)
                ahead.append(edge.to_id)
    return found


def frontier(flow: Flow) -> Iterator[Task]:
    """Yield the tasks that can be worked on now, in the flow's order.

    A task at which branches join waits for every branch that can still arrive.
    """
    edges = forward_edges(flow)
    arrived = reached(flow)
    waiting = {task.id for task in flow.tasks if task.id in arrived and not task.is_finished}
    passed = arrived - waiting
    for task in flow.tasks:
        if task.id in waiting:
            others = waiting - {task.id}
            live = others | descendants(edges, others)
            if not any(edge.to_id == task.id and edge.from_id in live - passed for edge in edges):
                yield task
