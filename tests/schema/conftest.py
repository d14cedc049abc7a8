"""A graph over a federation in memory with two sources."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.sdk.caller import TASK_ADMIN, Caller, Identity
from schema.api import build_schema
from schema.core.context import Context
from schema.execution import Execution, GraphQLResponse, RequestError
from tests.schema.fake_federation import FakeFederation

EXECUTION = Execution(build_schema())
NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)

Ask = Callable[..., Awaitable[GraphQLResponse]]


@pytest.fixture
def alice() -> Caller:
    return Caller(
        key="alice",
        name="Alice",
        email="alice@example.com",
        identities={
            "c8": Identity(native_id="alice.c8", username="alice"),
            "geo": Identity(native_id="17", email="a@geo.example"),
        },
    )


@pytest.fixture
def carol() -> Caller:
    return Caller(key="carol", name="Carol", roles=frozenset({TASK_ADMIN}), identities={})


@pytest.fixture
def federation(alice: Caller, carol: Caller) -> FakeFederation:
    return FakeFederation(people=[alice, carol])


@pytest.fixture
def ask(federation: FakeFederation, alice: Caller) -> Ask:
    """Run a document as alice, or as `caller`, at NOW."""

    async def run(document: str, caller: Caller = alice, **variables: Any) -> GraphQLResponse:
        context = Context(caller, federation, lambda: NOW)
        try:
            operation = EXECUTION.read(document, None, variables)
        except RequestError as error:
            return error.answer
        return await EXECUTION.run(operation, context)

    return run
