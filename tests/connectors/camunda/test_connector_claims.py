"""Claims on servers that let a user claim for itself only (since the summer of 2026). A client may claim for people."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest

from connectors.camunda import CamundaConnector
from connectors.camunda.settings import CamundaSettings
from connectors.camunda.wire import Topology
from connectors.sdk.caller import Identity
from connectors.sdk.capability import Support
from connectors.sdk.commands import Assign, Claim, TaskAction
from connectors.sdk.errors import AlreadyAssignedError, ForbiddenError
from connectors.sdk.model import Task, TaskState
from connectors.sdk.query import TaskQuery
from sandbox.camunda.stand_in import CamundaStandIn

Opened = Callable[..., CamundaConnector]


@pytest.fixture
async def opened(stand_in: CamundaStandIn) -> AsyncIterator[Opened]:
    """Opens a connector on such a server. It signs in by `method`."""
    made: list[CamundaConnector] = []

    def open_(method: str, **options: Any) -> CamundaConnector:
        stand_in.reset(tasks=250, seed=7, now=None, scenario=f"8.9.17+{method}")
        settings = CamundaSettings.model_validate(
            stand_in.source_config("https://camunda.test") | {"options": {"claims": "claim"} | options}
        )
        made.append(CamundaConnector.open(settings, transport=httpx2.ASGITransport(app=stand_in)))
        return made[-1]

    yield open_
    for each in made:
        await each.aclose()


@pytest.fixture
def bob() -> Identity:
    return Identity(native_id="bob", groups=("accounting",))


async def listed(connector: CamundaConnector, state: TaskState) -> Task:
    page = await connector.list_tasks(TaskQuery(states=frozenset({state})), limit=100)
    return next(task for task in page.items if task.pending_transition is None)


async def owner(connector: CamundaConnector, task: Task) -> str | None:
    now = (await connector.get_tasks([task.native_id]))[task.native_id]
    assert isinstance(now, Task)
    return None if now.assignee is None else now.assignee.native_id


@pytest.mark.parametrize("method", ["oidc", "none"])
async def test_a_client_claims_for_people(opened: Opened, alice: Identity, method: str) -> None:
    """So does every caller of an unprotected cluster."""
    connector = opened(method)
    task = await listed(connector, TaskState.READY)
    await connector.perform(Claim(task=task, actor=alice))

    assert await owner(connector, task) == "alice"


async def test_a_refused_claim_says_what_to_configure(
    opened: Opened, stand_in: CamundaStandIn, alice: Identity
) -> None:
    """Nothing was applied. An assignment with override is not a claim, so it is not refused."""
    connector = opened("basic")
    task = await listed(connector, TaskState.READY)
    with pytest.raises(ForbiddenError, match="oauth") as claimed:
        await connector.perform(Claim(task=task, actor=alice))
    with pytest.raises(ForbiddenError, match="claims"):
        await connector.perform(Assign(task=task, actor=alice, user_id="bob"))
    refused = stand_in.effects.all()
    await connector.perform(Assign(task=task, actor=alice, user_id="bob", override=True))

    assert (403, "FORBIDDEN") == (claimed.value.native_status, claimed.value.native_code)
    assert not claimed.value.maybe_applied
    assert [] == list(refused)
    assert await owner(connector, task) == "bob"


async def test_a_claim_can_be_sent_as_an_assignment_after_a_read(opened: Opened, alice: Identity) -> None:
    """By the option `claims`. A repeat by the owner succeeds, as with the engine's claim."""
    connector = opened("basic", claims="assign")
    task = await listed(connector, TaskState.READY)
    for _ in range(2):
        await connector.perform(Claim(task=task, actor=alice))

    assert await owner(connector, task) == "alice"


async def test_a_claim_sent_as_an_assignment_takes_no_task_from_its_owner(
    opened: Opened, stand_in: CamundaStandIn, alice: Identity, bob: Identity
) -> None:
    """The record in the command was read before the owner claimed the task."""
    connector = opened("basic", claims="assign")
    task = await listed(connector, TaskState.READY)
    await connector.perform(Claim(task=task, actor=bob))
    before = len(stand_in.effects.all())
    with pytest.raises(AlreadyAssignedError):
        await connector.perform(Claim(task=task, actor=alice))
    with pytest.raises(AlreadyAssignedError):
        await connector.perform(Assign(task=task, actor=alice, user_id="alice"))

    assert ("bob", before) == (await owner(connector, task), len(stand_in.effects.all()))


async def test_a_claim_sent_as_an_assignment_is_declared_as_emulated(opened: Opened) -> None:
    """It is neither atomic nor guarded."""
    usual, emulated = (opened("basic", claims=way).info.capabilities[Claim] for way in ("claim", "assign"))

    assert (Support.NATIVE, True, True) == (usual.support, usual.atomic, usual.guarded)
    assert (Support.EMULATED, False, False) == (emulated.support, emulated.atomic, emulated.guarded)


async def test_a_refused_claim_is_known_once_the_account_was_looked_at(opened: Opened, alice: Identity) -> None:
    """The account of a user claims for itself only. A client claims for people, and so does an assignment."""
    for method, options, offered in (
        ("basic", {}, False),
        ("basic", {"claims": "assign"}, True),
        ("oidc", {}, True),
        ("none", {}, True),
    ):
        connector = opened(method, **options)
        task = await listed(connector, TaskState.READY)
        await connector.look_at_account()
        refusal = connector.refusal_of(task, TaskAction.CLAIM, alice)

        assert offered is (refusal is None), (method, options)
        if refusal is not None:
            assert "oauth" in refusal.message


@pytest.mark.parametrize(
    ("version", "guarded"),
    [
        ("8.9.17", True),
        ("8.10.0", True),
        ("8.9.2", False),
        ("8.10.0-alpha3", False),
        ("", False),
        (None, False),
    ],
)
def test_the_servers_version_tells_whether_claims_are_guarded(version: str | None, *, guarded: bool) -> None:
    """Seen on released servers; nothing is refused here that the server may accept."""
    assert guarded is Topology(gateway_version=version).guards_claims
