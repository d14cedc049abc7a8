"""The estimated size of answers."""

import tracemalloc
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest

from connectors.sdk.errors import UnavailableError
from connectors.sdk.model import Task, TaskState, UserRef
from gateway.federation.cache.size import ENTRY_BYTES, estimated_size


def test_the_estimate_for_tasks_is_near_their_real_size() -> None:
    """Between one and five times the memory that Python reports."""

    def tasks() -> list[Task]:
        return [
            Task(
                source="camunda",
                native_id=f"225179981{number:07}",
                title=f"Approve the invoice {number} of Müller & Söhne",
                state=TaskState.READY,
                rule="created",
                fetched_at=datetime(2026, 6, 15, tzinfo=UTC) + timedelta(seconds=number),
                due_at=datetime(2026, 6, 15, tzinfo=UTC) + timedelta(minutes=number),
                assignees=(UserRef(native_id=f"user {number}", name=f"Person {number}"),),
            )
            for number in range(1000)
        ]

    tasks()
    tracemalloc.start()
    held = tasks()
    took, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert took <= estimated_size(held) <= 5 * took


@pytest.mark.parametrize(
    "value",
    [
        None,
        2**70,
        "\ud800",
        {"partial": UnavailableError("cut off")},
        MappingProxyType({"a": 1}),
        frozenset({"a"}),
        {("a", 1): [object()]},
    ],
)
def test_everything_has_a_size(value: object) -> None:
    """Also a value that no format can encode."""
    assert ENTRY_BYTES < estimated_size(value) < ENTRY_BYTES + 1000


def test_a_large_answer_counts_as_large() -> None:
    """A million letters count wherever they are in the answer."""
    assert estimated_size({"data": [{"text": "x" * 1_000_000}]}) > 1_000_000
