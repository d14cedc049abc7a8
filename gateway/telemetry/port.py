"""What the gateway tells of its requests, for traces. Never a query, a variable, an id, a person, a header or an address."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from types import MappingProxyType
from typing import Protocol

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class CallSpan(Protocol):
    """One upstream request. `headers` carry the trace context to the vendor; none where it must not get it."""

    @property
    def headers(self) -> Mapping[str, str]: ...

    def end(self, *, outcome: str, status: int | None, sent: bool) -> None:
        """`outcome` is "ok" or the code of the error; `status` None without a complete answer."""


class CallTracer(Protocol):
    """Begins the spans of one source's requests."""

    def begin(self, operation: str, *, is_write: bool, waited: float) -> CallSpan:
        """Below the span of the current request, if there is one. `waited` for the source's limit, in seconds."""


class RequestSpan(Protocol):
    """One request to the gateway."""

    @property
    def trace_id(self) -> str | None:
        """32 hexadecimal digits; None if there is no trace."""

    def answered(self, status: int) -> None: ...


class Tracing(Protocol):
    def request(
        self, method: str, path: str, headers: Mapping[str, str], request_id: str
    ) -> AbstractContextManager[RequestSpan]:
        """A span until the block ends, in the trace that `headers` name. `path` is one of the gateway's own."""

    def note_operation(self, kind: str | None, name: str | None, codes: tuple[str, ...]) -> None:
        """Which GraphQL operation the current request ran, and the codes of its errors."""

    def source(self, key: str, vendor: str, *, passes_context: bool) -> CallTracer:
        """For one source; `passes_context`: the vendor gets the trace context."""

    async def aclose(self) -> None:
        """Send what is left, for two seconds at most."""


class _NoSpan:
    headers = NO_HEADERS
    trace_id = None

    def end(self, *, outcome: str, status: int | None, sent: bool) -> None:
        pass

    def answered(self, status: int) -> None:
        pass


NO_SPAN = _NoSpan()


class _NoTracing:
    def begin(self, operation: str, *, is_write: bool, waited: float) -> CallSpan:
        return NO_SPAN

    def request(
        self, method: str, path: str, headers: Mapping[str, str], request_id: str
    ) -> AbstractContextManager[RequestSpan]:
        return nullcontext(NO_SPAN)

    def note_operation(self, kind: str | None, name: str | None, codes: tuple[str, ...]) -> None:
        pass

    def source(self, key: str, vendor: str, *, passes_context: bool) -> CallTracer:
        return self

    async def aclose(self) -> None:
        pass


NO_TRACING = _NoTracing()
