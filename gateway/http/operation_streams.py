"""Runs operations whose answer is a stream of responses: one for a query, or its parts; one for each event of a subscription."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

from msgspec import Struct, structs

from connectors.sdk.caller import Caller
from gateway.federation.traffic import CallContext, OperationRecords, in_context
from gateway.http.caller_budgets import CallerBudgets
from gateway.http.deadlines import Deadlines
from gateway.http.operation_record import OperationRecord, codes_of
from schema.core.context import Context
from schema.execution import Execution, GraphQLOperation, GraphQLResponse
from schema.ports import Federation


class SignedInClient(Struct, frozen=True, kw_only=True):
    """Who asks, and with what. `expires_at`: until when the token holds, in seconds of Unix time; None without an end."""

    caller: Caller
    token: str | None
    expires_at: float | None = None


class OperationStreams:
    """Shared by all transports that stream. Sign-in, limits and masks are as those of single answers."""

    def __init__(
        self,
        execution: Execution,
        *,
        federation: Callable[[], Federation],
        deadlines: Deadlines,
        budgets: CallerBudgets,
        observe: Callable[[OperationRecord], None],
        per_connection: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.execution = execution
        self.budgets = budgets
        self.per_connection = per_connection
        self._federation = federation
        self._deadlines = deadlines
        self._observe = observe
        self._monotonic = monotonic
        # Set when the gateway ends: streams are then cut off.
        self.ending = asyncio.Event()

    async def responses(
        self, operation: GraphQLOperation, client: SignedInClient, request_id: str, *, earlier: bool = False
    ) -> AsyncGenerator[GraphQLResponse, None]:
        """The responses in order, each made in the call context of the client. `earlier`: how parts are written, see `PartWriter`.

        The client's budget was asked before. A subscription ends with a response that did not
        run if its events end with a failure.
        """
        base = CallContext(caller=client.caller, token=client.token, request_id=request_id, asked_at=self._monotonic())
        context = Context(client.caller, self._federation())
        if operation.is_incremental:
            async for part in self._parts(operation, context, base, earlier=earlier):
                yield part
            return
        if not operation.is_subscription:
            with in_context(self._for_one(base, operation)):
                response = await self.execution.run(operation, context)
            self._note(operation, response, base)
            yield response
            return
        with in_context(base):
            events = await self.execution.subscribe(operation, context)
        if isinstance(events, GraphQLResponse):
            self._note(operation, events, base)
            yield events
            return
        codes: tuple[str, ...] = ()
        try:
            while True:
                with in_context(base):
                    try:
                        run = await anext(events)
                    except StopAsyncIteration:
                        return
                with in_context(self._for_one(base, operation)):
                    response = await run()
                codes = codes_of(response) or codes
                yield response
        finally:
            await events.aclose()
            self._observe(
                OperationRecord(
                    kind="subscription",
                    name=operation.name,
                    codes=codes,
                    seconds=self._monotonic() - (base.asked_at or 0.0),
                )
            )

    async def _parts(
        self, operation: GraphQLOperation, context: Context, base: CallContext, *, earlier: bool
    ) -> AsyncGenerator[GraphQLResponse, None]:
        # One deadline for all of them.
        within = self._for_one(base, operation)
        errors: list[dict[str, Any]] = []
        parts = self.execution.run_in_parts(operation, context, earlier=earlier)
        try:
            while True:
                with in_context(within):
                    try:
                        part = await anext(parts)
                    except StopAsyncIteration:
                        return
                errors += part.errors
                yield part
        finally:
            await parts.aclose()
            self._note(operation, GraphQLResponse(errors), base)

    def _for_one(self, base: CallContext, operation: GraphQLOperation) -> CallContext:
        """For one execution: what is read with FRESH is read after this moment, and its deadline counts from it."""
        now = structs.replace(base, asked_at=self._monotonic(), operation_records=OperationRecords())
        return now.with_deadline(self._deadlines.of(operation))

    def _note(self, operation: GraphQLOperation, response: GraphQLResponse, base: CallContext) -> None:
        self._observe(
            OperationRecord(
                kind="mutation" if operation.is_mutation else "subscription" if operation.is_subscription else "query",
                name=operation.name,
                codes=codes_of(response),
                seconds=self._monotonic() - (base.asked_at or 0.0),
            )
        )


def with_request_id(written: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    """A response as it is sent: an INTERNAL error tells the id by which its reason is found in the log."""
    found = dict(written)
    if "errors" in found:
        found["errors"] = [
            {**error, "extensions": {**error["extensions"], "requestId": request_id}}
            if error.get("extensions", {}).get("code") == "INTERNAL"
            else error
            for error in found["errors"]
        ]
    for inner in ("incremental", "completed"):
        if inner in found:
            found[inner] = [with_request_id(each, request_id) for each in found[inner]]
    return found
