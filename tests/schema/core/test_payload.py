"""What the inputs of all writes share: the idempotency key and the client's own id."""

from typing import Any

import pytest

from schema.core.payload import LONGEST_KEY
from schema.core.relay import global_id
from tests.schema.conftest import Ask
from tests.schema.fake_federation import FakeFederation

SOURCE = global_id("Source", "c8")
each_write = pytest.mark.parametrize(
    ("mutation", "input_type", "arguments"),
    [
        ("claimTask", "ClaimTaskInput", {"taskId": global_id("Task", "c8", "1")}),
        ("createTask", "CreateTaskInput", {"sourceId": SOURCE, "title": "Call back"}),
        ("startFlow", "StartFlowInput", {"sourceId": SOURCE, "definitionKey": "onboarding"}),
    ],
)


async def write(ask: Ask, mutation: str, input_type: str, **arguments: Any) -> dict[str, Any]:
    result = await ask(
        f"mutation($i: {input_type}!) {{ {mutation}(input: $i) {{ status clientMutationId errors {{ code field }} }} }}",
        i=arguments,
    )

    assert [] == result.errors
    assert result.data is not None
    payload: dict[str, Any] = result.data[mutation]
    return payload


@each_write
@pytest.mark.parametrize("key", ["", None])
async def test_an_empty_key_is_no_key(
    ask: Ask, federation: FakeFederation, mutation: str, input_type: str, arguments: dict[str, str], key: str | None
) -> None:
    """Two different writes with it are two writes."""
    await write(ask, mutation, input_type, **arguments, idempotencyKey=key)

    assert [None] == [request.idempotency_key for request in federation.calls["perform"]]


@each_write
async def test_keys_have_a_longest_length(
    ask: Ask, federation: FakeFederation, mutation: str, input_type: str, arguments: dict[str, str]
) -> None:
    """The journal keeps them."""
    longest = "k" * LONGEST_KEY
    await write(ask, mutation, input_type, **arguments, idempotencyKey=longest)
    refused = await write(ask, mutation, input_type, **arguments, idempotencyKey=longest + "k")

    assert [longest] == [request.idempotency_key for request in federation.calls["perform"]]
    assert ("REJECTED", [{"code": "VALIDATION_FAILED", "field": ["idempotencyKey"]}]) == (
        refused["status"],
        refused["errors"],
    )


@each_write
async def test_the_clients_own_id_has_a_longest_length(
    ask: Ask, federation: FakeFederation, mutation: str, input_type: str, arguments: dict[str, str]
) -> None:
    """Up to it, it is returned, also the empty one."""
    longest = "c" * LONGEST_KEY
    answers = [
        await write(ask, mutation, input_type, **arguments, clientMutationId=sent)
        for sent in ("", longest, longest + "c")
    ]

    assert ["", longest, None] == [answer["clientMutationId"] for answer in answers]
    assert [{"code": "VALIDATION_FAILED", "field": ["clientMutationId"]}] == answers[2]["errors"]
    assert 2 == len(federation.calls["perform"])
