"""Tasks and details by id."""

from collections.abc import Sequence

from msgspec import structs

from connectors.sdk.errors import UnavailableError
from connectors.sdk.model import DetailAspect, Flow, FlowRef, FlowState, Task, TaskDetail, TaskRef, TaskState
from schema.ports import TaskListRequest
from tests.gateway.federation.memory_source import NOW, MemoryConnector, federation, person, task

ADMIN = person("carol", "north", "south", admin=True)
ALICE = person("alice", "north", "south")


async def test_the_state_of_a_known_flow_shows_in_its_tasks_without_a_call() -> None:
    """In lists and single tasks, after the flow was read. Before that, a task is shown as the vendor returned it."""

    class Flows(MemoryConnector):
        async def get_flows(self, ids: Sequence[str]) -> dict[str, Flow]:
            return {
                one: Flow(source="north", native_id=one, state=FlowState.SUSPENDED, rule="memory", fetched_at=NOW)
                for one in ids
            }

        def within_flow(self, task: Task, flow: Flow) -> Task:
            return structs.replace(task, state=TaskState.SUSPENDED)

    connector = Flows("north", [task("north", "1")])
    sources = federation(connector, people=[ADMIN])
    ref = TaskRef("north", "1")
    before = (await sources.get_tasks(ADMIN, [ref]))[ref]
    await sources.get_flows(ADMIN, [FlowRef("north", "f1")])
    after = (await sources.get_tasks(ADMIN, [ref]))[ref]
    listed = (await sources.list_tasks(ADMIN, TaskListRequest(count=False))).edges[0].task

    assert isinstance(before, Task)
    assert isinstance(after, Task)
    assert [TaskState.READY, TaskState.SUSPENDED, TaskState.SUSPENDED] == [before.state, after.state, listed.state]


async def test_tasks_that_cannot_be_read_have_their_error() -> None:
    """Unknown tasks, tasks of unknown sources and tasks that the caller may not see are absent."""
    north = MemoryConnector("north", [task("north", "1"), task("north", "2", owner="bob", candidate_groups=())])
    south = MemoryConnector("south", [task("south", "1")])
    south.fail = UnavailableError("is down")
    refs = [TaskRef(*ref) for ref in (("north", "1"), ("north", "2"), ("north", "9"), ("south", "1"), ("west", "1"))]

    found = await federation(north, south, people=[ALICE]).get_tasks(ALICE, refs)

    assert {refs[0], refs[3]} == set(found)
    assert north.held["1"] == found[refs[0]]
    assert isinstance(found[refs[3]], UnavailableError)


async def test_details_are_read_for_visible_tasks_only() -> None:
    """The detail of a task that the caller may not see is not read."""
    north = MemoryConnector("north", [task("north", "1"), task("north", "2", owner="bob", candidate_groups=())])
    wanted = {TaskRef("north", native_id): frozenset({DetailAspect.FORM}) for native_id in ("1", "2")}

    found = await federation(north, people=[ALICE]).get_details(ALICE, wanted)

    assert {TaskRef("north", "1"): TaskDetail(outcomes=())} == found


async def test_equal_reads_cost_one_call_unless_fresh() -> None:
    """For ten seconds, as long as a task is fresh."""
    north = MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=[ALICE])
    for fresh in (False, False, True):
        await sources.get_tasks(ALICE, [TaskRef("north", "1")], fresh=fresh)

    assert 2 == north.gets


async def test_a_record_in_hand_is_not_read_again_for_its_details() -> None:
    """Twenty rows with their details cost twenty details; twenty refs one batch of tasks beside them."""
    north = MemoryConnector("north", [task("north", f"{number:02}") for number in range(20)])
    sources = federation(north, people=[ALICE])
    rows = [edge.task for edge in (await sources.list_tasks(ALICE, TaskListRequest(first=20))).edges]
    wanted = {row.ref: frozenset({DetailAspect.FORM}) for row in rows}
    known = await sources.get_details(ALICE, wanted, known={row.ref: row for row in rows})
    gets = north.gets
    unknown = await federation(north, people=[ALICE]).get_details(ALICE, wanted)

    assert (20, 0, unknown) == (len(known), gets, known)
    assert 1 == north.gets


async def test_details_are_as_fresh_as_asked_for() -> None:
    """A fresh question reads the detail and, where it has no record in hand, the task."""

    class Counting(MemoryConnector):
        details = 0

        async def get_detail(self, task: Task, aspects: object) -> TaskDetail:
            self.details += 1
            return await super().get_detail(task, aspects)

    north = Counting("north", [task("north", "1")])
    sources = federation(north, people=[ALICE])
    wanted = {TaskRef("north", "1"): frozenset({DetailAspect.DATA})}
    for fresh in (False, False, True):
        await sources.get_details(ALICE, wanted, fresh=fresh)

    assert (2, 2) == (north.details, north.gets)


async def test_what_the_record_has_is_no_call() -> None:
    """A vendor whose read of a task is the read of its details."""

    class Whole(MemoryConnector):
        def detail_in(self, task: Task, aspects: object) -> TaskDetail | None:
            return TaskDetail(description="from the record") if task.native_id == "1" else None

    north = Whole("north", [task("north", "1"), task("north", "2")])
    found = await federation(north, people=[ALICE]).get_details(
        ALICE, {TaskRef("north", one): frozenset({DetailAspect.DESCRIPTION}) for one in ("1", "2")}
    )

    assert ["from the record", None] == [getattr(one, "description", None) for one in found.values()]
