from pathlib import Path

from connectors.sdk.caller import Identity
from gateway.settings import load
from tests.gateway.configuration import write_configuration


def test_people_become_callers_with_an_identity_per_source(tmp_path: Path) -> None:
    """An identity has its own groups if it names them, otherwise the person's groups."""
    alice = load(write_configuration(tmp_path)).people[0].caller()

    assert alice.groups == ("accounting",)
    assert alice.identities == {
        "camunda": Identity(native_id="alice", groups=("accounting",)),
        "field": Identity(native_id="17", username="amoreno", groups=("3",)),
    }


def test_roles_make_a_task_admin(tmp_path: Path) -> None:
    """carol is a task admin, alice is not."""
    callers = [person.caller() for person in load(write_configuration(tmp_path)).people]

    assert [("alice", False), ("bob", False), ("carol", True)] == [(c.key, c.is_task_admin) for c in callers]
