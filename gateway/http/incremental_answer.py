"""Answers to operations with @defer or @stream: multipart, or server-sent events."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from gateway.http.media_types import EARLIER_SPEC, EVENT_STREAM, MULTIPART, STREAMS, incremental_spec, preferred_stream
from gateway.http.operation_streams import OperationStreams, SignedInClient, with_request_id
from gateway.http.request import RefusedError
from gateway.http.streamed_answer import EventStream, IncrementalMultipart, Responses, StreamedAnswer
from schema.execution import GraphQLOperation, GraphQLResponse, ResponsePart

NOT_IN_PARTS = f"With @defer or @stream the answer comes in parts: accept {MULTIPART} or {EVENT_STREAM}, or leave the directives out."


async def incremental_answer(
    streams: OperationStreams,
    operation: GraphQLOperation,
    client: SignedInClient,
    request_id: str,
    *,
    accept: str | None,
    media: str,
) -> StreamedAnswer | GraphQLResponse:
    """The answer as a stream; as a single response if it has one part only and `media` is none of streams.

    The first part is made here: what asks much is admitted, and refused, as other queries are. Raises RefusedError.
    """
    stream = preferred_stream(accept)
    if stream is None:
        raise RefusedError(406, "NOT_ACCEPTABLE", NOT_IN_PARTS)
    spec = incremental_spec(accept)
    parts = streams.responses(operation, client, request_id, earlier=spec == EARLIER_SPEC)
    first = await anext(parts)
    if not isinstance(first, ResponsePart) and media not in STREAMS:
        await parts.aclose()
        return first
    framing = EventStream() if stream == EVENT_STREAM else IncrementalMultipart(spec)
    return StreamedAnswer(framing, _all(first, parts, request_id), ending=streams.ending, expires_at=client.expires_at)


async def _all(first: GraphQLResponse, parts: AsyncGenerator[GraphQLResponse, None], request_id: str) -> Responses:
    async with aclosing(parts):
        yield _told(first, request_id), first.ran
        async for part in parts:
            yield _told(part, request_id), part.ran


def _told(part: GraphQLResponse, request_id: str) -> dict[str, object]:
    written = with_request_id(part.written(), request_id)
    return written if isinstance(part, ResponsePart) else {**written, "hasNext": False}
