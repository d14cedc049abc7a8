"""Two hundred people in groups of four, and sources whose records name those who may see them.

A task belongs to one circle for ever: a person, or a group. Every text of its record has the mark of that circle, and a
record that was read with a person's own credentials has that person's mark too. So an answer to a person may have the
marks of their own circles and no others, however old it is and whatever was written meanwhile.
"""

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Literal

import anyio.lowlevel
import msgspec
from msgspec import structs

from connectors.sdk.caller import Caller, Identity
from connectors.sdk.capability import handles
from connectors.sdk.commands import AddComment, Outcome
from connectors.sdk.connector_info import Listing
from connectors.sdk.errors import ConnectorError
from connectors.sdk.http import current_call
from connectors.sdk.model import (
    Activity,
    ActivityType,
    Comment,
    Definition,
    Flow,
    FlowState,
    GroupRef,
    PreviousStep,
    SubjectRef,
    Tag,
    Task,
    TaskDetail,
    TaskState,
    User,
    UserRef,
)
from connectors.sdk.query import Page, TaskQuery
from connectors.sdk.settings import SourceSettings
from tests.gateway.federation.memory_source import EVERYTHING, NOW, MemoryConnector

PEOPLE = 200
IN_A_GROUP = 4
MARK = re.compile(r"mark-[a-z]+-\d+-")
ACCOUNT = "service-account"
STRONG, HALF, WEAK, OWN = "strong", "half", "weak", "own"
SOURCES = (STRONG, HALF, WEAK, OWN)


def mark_of(circle: str) -> str:
    return f"mark-{circle}-"


def _key(number: int) -> str:
    return f"person-{number}"


def _group(number: int) -> str:
    return f"group-{number // IN_A_GROUP}"


def everybody(count: int = PEOPLE) -> list[Caller]:
    """No task admins."""
    return [
        Caller(
            key=_key(number),
            name=f"Somebody {number}",
            groups=(_group(number),),
            identities={source: Identity(native_id=_key(number), groups=(_group(number),)) for source in SOURCES},
        )
        for number in range(count)
    ]


def own_marks(person: Caller) -> frozenset[str]:
    return frozenset({mark_of(person.key), *(mark_of(group) for group in person.groups)})


def marks_in(answer: object) -> frozenset[str]:
    return frozenset(MARK.findall(repr(answer)))


def task_of(source: str, number: int, circle: str, *, owner: str | None, **members: Any) -> Task:
    """A task of a person (with an owner only) or of a group (as candidate)."""
    mark = mark_of(circle)
    is_group = circle.startswith("group")
    known: dict[str, Any] = {
        "title": f"title {mark}{number}",
        "description": f"description {mark}",
        "state": TaskState.READY if owner is None else TaskState.RESERVED,
        "rule": "memory",
        "fetched_at": NOW,
        "created_at": NOW - timedelta(minutes=number % 50),
        "assignees": () if owner is None else (UserRef(native_id=owner),),
        "candidate_groups": (GroupRef(native_id=circle),) if is_group else (),
        "flow_id": f"flow-{circle}",
        "flow_name": f"flow {mark}",
        "business_key": mark,
        "definition": Definition(native_id=f"definition-{circle}", key=f"key {mark}", name=f"name {mark}"),
        "subjects": (SubjectRef(type="account", native_id=mark, label=f"label {mark}"),),
        "tags": (Tag(name=f"tag {mark}"),),
        "url": f"https://vendor.test/{mark}",
        "state_reason": f"because {mark}",
        "payload": msgspec.Raw(f'"{mark}"'.encode()),
    }
    return Task(source=source, native_id=f"{source}-{number}", **{**known, **members})


class MarkedSettings(SourceSettings):
    modes = frozenset({"service", "viewer"})


class MarkedConnector(MemoryConnector):
    """`pushes` are the members of a query that the vendor applies. With `acts_as` viewer a record has the caller's mark too.

    A completion goes through the account of the source, as far as the vendor tells: it owns the task, and no group may
    see it any more.
    """

    listings: ClassVar[frozenset[Listing]] = frozenset({Listing.USERS})

    def __init__(
        self,
        key: str,
        tasks: Sequence[Task],
        *,
        pushes: Iterable[str] | None,
        acts_as: Literal["service", "viewer"] = "service",
        scan_page: int = 50,
    ) -> None:
        super().__init__(key, tasks, sorts=EVERYTHING)
        self.settings = MarkedSettings(
            key=key,
            name=key,
            vendor="memory",
            base_url="http://memory.test",
            acts_as=acts_as,
            audience=None if acts_as == "service" else key,
            scan_limit=300,
        )
        self.info = structs.replace(self.info, page_limit=20, scan_page=scan_page, one_owner=True)
        self._pushes = None if pushes is None else frozenset(pushes)
        self._is_own = acts_as != "service"

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        if self._pushes is None:
            return structs.replace(query, order=())
        return TaskQuery(**{name: getattr(query, name) for name in self._pushes})

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        await anyio.lowlevel.checkpoint()
        page = await super().list_tasks(query, limit=limit, after=after)
        return structs.replace(page, items=[self._as_read(one) for one in page.items])

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        await anyio.lowlevel.checkpoint()
        found = await super().get_tasks(ids)
        for _ in {*ids} - found.keys():
            # As vendors that answer an unknown id with an error that is worth a second try.
            self._count()
        return {key: self._as_read(one) if isinstance(one, Task) else one for key, one in found.items()}

    async def get_detail(self, task: Task, aspects: object) -> TaskDetail:
        await super().get_detail(task, aspects)
        mark = self._as_read(self.held[task.native_id]).title
        by = UserRef(native_id=ACCOUNT)
        return TaskDetail(
            description=mark,
            data={"secret": mark},
            comments=(Comment(native_id="1", text=mark, author=by, created_at=NOW),),
            activities=(Activity(at=NOW, type=ActivityType.COMMENTED, actor=by, message=mark),),
            previous_steps=(PreviousStep(name=mark, data=mark),),
        )

    async def get_flows(self, ids: Sequence[str]) -> Mapping[str, Flow | ConnectorError]:
        self._count()
        return {
            one: Flow(
                source=self.source,
                native_id=one,
                state=FlowState.ACTIVE,
                rule="memory",
                fetched_at=NOW,
                name=f"flow {mark_of(one.removeprefix('flow-'))}",
                business_key=mark_of(one.removeprefix("flow-")),
                # Flows of other people have started it.
                parent_id=f"flow-group-{len(one)}",
                root_id="flow-person-150",
            )
            for one in ids
            if one.startswith("flow-")
        }

    async def list_users(
        self, *, search: str | None = None, assignable_to: Task | None = None, limit: int, after: str | None = None
    ) -> Page[User]:
        self._count()
        return Page(items=[User(native_id=_key(number), name=f"Somebody {number}") for number in range(8)])

    @handles(AddComment)
    async def comment(self, command: AddComment) -> Outcome:
        return self._write("comment", command.task)

    def _write(self, verb: str, task: Task, **changes: Any) -> Outcome:
        if verb == "complete":
            changes |= {"assignees": (UserRef(native_id=ACCOUNT),), "candidate_groups": ()}
            changes |= {"completed_at": NOW, "completed_by": UserRef(native_id=ACCOUNT)}
        outcome = super()._write(verb, task, **changes)
        return structs.replace(outcome, task=self._as_read(self.held[task.native_id]))

    def _as_read(self, task: Task) -> Task:
        if not self._is_own:
            return task
        authority = current_call().authority
        reader = mark_of("nobody" if authority is None else authority.principal)
        return structs.replace(task, title=f"{task.title} for {reader}")


def tasks_of(source: str, people: Sequence[Caller], chance: random.Random, count: int) -> Iterator[Task]:
    """Half of them are one person's, half of them a group's."""
    for number in range(count):
        person = people[number % len(people)]
        if number % 2:
            yield task_of(source, number, person.key, owner=person.key)
        else:
            owner = person.key if chance.random() < 0.3 else None
            yield task_of(source, number, person.groups[0], owner=owner)


# What each vendor applies of a query.
PUSHES: Mapping[str, tuple[str, ...] | None] = {
    STRONG: None,
    HALF: ("states", "assignees", "has_assignee", "definition_keys", "text", "ids", "flows", "present", "absent"),
    WEAK: (),
    OWN: None,
}


def connectors(people: Sequence[Caller], *, tasks: Mapping[str, int], seed: int = 1) -> dict[str, MarkedConnector]:
    chance = random.Random(seed)
    return {
        key: MarkedConnector(
            key,
            list(tasks_of(key, people, chance, count)),
            pushes=PUSHES[key],
            acts_as="viewer" if key == OWN else "service",
        )
        for key, count in tasks.items()
    }
