"""Generated rows: all that a record may have, nulls, and values that no field can show."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgspec

from connectors.sdk.errors import UnavailableError
from connectors.sdk.model import (
    Definition,
    DetailAspect,
    Flow,
    FlowRef,
    FlowState,
    Group,
    GroupRef,
    NativeRef,
    PendingTransition,
    Sla,
    SubjectRef,
    Tag,
    Task,
    TaskDetail,
    TaskKind,
    TaskPriority,
    TaskState,
    User,
    UserRef,
)
from tests.schema.fake_federation import FakeFederation, a_task

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
PEOPLE = ("alice.c8", "bob", "17", "mute", "unknown")


def fill(federation: FakeFederation, random: Random, *, rows: int, is_odd: bool) -> None:
    """`is_odd`: some rows have values that their fields cannot show."""
    for number in range(rows):
        task = _task(random, str(number), is_odd=is_odd)
        federation.add(task)
        federation.details[task.ref] = _detail(random)
        if task.flow_id is not None and random.random() < 0.7:
            flow = FlowRef(task.source, task.flow_id)
            federation.flows[flow] = (
                Flow(
                    source=flow.source,
                    native_id=flow.native_id,
                    state=next(iter(FlowState)),
                    rule="flow",
                    fetched_at=NOW,
                    name="A flow",
                )
                if random.random() < 0.8
                else UnavailableError("is away").at(flow.source, "get flows")
            )
    for source in ("c8", "geo"):
        for name in PEOPLE[:4]:
            shown = None if name == "mute" else f"{name.title()} of {source}"
            federation.users[NativeRef(source, name)] = User(
                native_id=name, name=shown, username=f"{name}@", email=random.choice((None, f"{name}@example.com"))
            )
        federation.groups[NativeRef(source, "office")] = Group(native_id="office", name="Office", member_count=3)


def _task(random: Random, native_id: str, *, is_odd: bool) -> Task:
    def maybe(value: Any) -> Any:
        return value if random.random() < 0.6 else None

    def moment(*, may_be_odd: bool = False) -> datetime:
        zone = None if may_be_odd and is_odd and random.random() < 0.2 else UTC
        return datetime(2026, 6, random.randint(1, 28), 12, 30, 15, 123_456, tzinfo=zone)

    def person() -> UserRef:
        return UserRef(native_id=random.choice(PEOPLE), name=maybe("Name"), email=maybe("e@x"), username=maybe("login"))

    def people() -> tuple[UserRef, ...]:
        return tuple(person() for _ in range(random.randint(0, 3)))

    return a_task(
        f"{native_id}/{random.choice('aé:')}",
        random.choice(("c8", "geo")),
        title=None if is_odd and random.random() < 0.2 else f'Task "{native_id}" \u2028 é',
        state=random.choice(list(TaskState)),
        kind=random.choice(list(TaskKind)),
        description=maybe("Described"),
        state_reason=maybe("because"),
        pending_transition=maybe(random.choice(list(PendingTransition))),
        priority=maybe(random.choice(list(TaskPriority))),
        priority_score=maybe(random.choice((0, 50, 2**31 - 1, -(2**31), 2**40))),
        created_at=maybe(moment()),
        updated_at=maybe(moment(may_be_odd=True) + timedelta(microseconds=1)),
        due_at=maybe(moment()),
        follow_up_at=maybe(moment()),
        completed_at=maybe(moment()),
        is_overdue=maybe(True),
        is_escalated=maybe(False),
        sla=maybe(Sla(status="ok", ends_on="tomorrow", expires_at=maybe(moment()))),
        assignees=people(),
        candidate_users=maybe(people()),
        candidate_groups=maybe(
            tuple(
                GroupRef(native_id=random.choice(("office", "other")), name=maybe("Group"))
                for _ in range(random.randint(0, 2))
            )
        ),
        completed_by=maybe(person()),
        definition=maybe(Definition(native_id="d:1", key="d", name=maybe("Definition"), version=maybe("1"))),
        flow_id=maybe(random.choice(("f1", "f2"))),
        flow_name=maybe("Flow"),
        subjects=maybe((SubjectRef(type="order", native_id="7", label=maybe("Order 7"), is_primary=maybe(True)),)),
        business_key=maybe("key"),
        outcome=maybe("approved"),
        tags=maybe((Tag(name="urgent", value=maybe("1")),)),
        url=maybe("https://tasks.test/1"),
        native_type=maybe("userTask"),
        native_state=maybe("CREATED"),
        payload=maybe(msgspec.Raw(random.choice((b'{"a": [1, 2.50, null]}', b"1e400", b"null" if is_odd else b"[]")))),
    )


def _detail(random: Random) -> TaskDetail | UnavailableError:
    if random.random() < 0.3:
        return UnavailableError("is away").at("c8", "get details")
    failing = random.random() < 0.2
    return TaskDetail(
        description="Long text",
        data={"amount": 12.5, "more": [None, True]},
        comments=(),
        activities=(),
        failures={DetailAspect.DATA: UnavailableError("has no data").at("c8", "get data")} if failing else {},
    )
