"""A GraphQL request in an HTTP request, read and checked before GraphQL sees it."""

from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct, structs
from starlette.types import Message, Receive, Scope

from gateway.http.media_types import is_json
from schema.core.scalars import WrittenFloat

ALLOWED = "GET, POST"
_ASKING = frozenset({b"query", b"extensions", b"documentId", b"doc_id"})


class RefusedError(Exception):
    """The request is refused with this HTTP status; `code` goes into `extensions.code`."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers or {}


class GraphQLRequest(Struct, frozen=True, kw_only=True):
    """`may_write`: sent by POST, so it may be a mutation. `sent`: the body, or the query string after `?`.

    `document` names the document, by an id or a SHA-256. There is a `query`, or a `document`, or both.
    """

    query: str | None
    document: str | None = None
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    may_write: bool = True
    sent: bytes = b""


def header(scope: Scope, name: bytes) -> str | None:
    """All values of a header, joined by commas; None when it is absent."""
    found: bytes | None = None
    for key, value in scope["headers"]:
        if key == name:
            found = value if found is None else b"%b, %b" % (found, value)
    return None if found is None else found.decode("latin-1")


def asks(query_string: bytes) -> bool:
    """Whether a URL's query string holds a GraphQL query, or names one."""
    return any(pair.partition(b"=")[0] in _ASKING for pair in query_string.split(b"&"))


async def read_sent(scope: Scope, receive: Receive, max_body_bytes: int) -> bytes:
    """The body, or the query string after `?`; RefusedError when it cannot be one of ours."""
    match scope["method"]:
        case "GET":
            query_string: bytes = scope["query_string"]
            if len(query_string) > max_body_bytes:
                raise RefusedError(414, "URI_TOO_LONG", f"The request is larger than {max_body_bytes} bytes.")
            return b"?" + query_string
        case "POST":
            if not is_json(header(scope, b"content-type") or ""):
                raise RefusedError(415, "UNSUPPORTED_MEDIA_TYPE", "Send application/json in UTF-8.")
            return await read_body(scope, receive, max_body_bytes)
        case _:
            raise RefusedError(405, "METHOD_NOT_ALLOWED", "Use POST, or GET for queries.", {"Allow": ALLOWED})


def request_sent(method: str, sent: bytes) -> GraphQLRequest:
    """What `read_sent` has read; RefusedError when it is not a well-formed request."""
    found = _from_query_string(sent[1:]) if method == "GET" else _from_json(sent)
    return structs.replace(found, sent=sent)


async def read_body(scope: Scope, receive: Receive, max_bytes: int) -> bytes:
    """Raises RefusedError if it is larger."""
    declared = header(scope, b"content-length") or ""
    if declared.isdecimal() and (len(declared) > _LONGEST_LENGTH or int(declared) > max_bytes):
        if header(scope, b"expect") is None and len(declared) <= _LONGEST_LENGTH:
            await _drain(receive, int(declared))
        raise _too_large(max_bytes)
    body = bytearray()
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            raise RefusedError(400, "BAD_REQUEST", "The request ended early.")
        body += message.get("body", b"")
        if len(body) > max_bytes:
            await _drain(receive, 0)
            raise _too_large(max_bytes)
        if not message.get("more_body", False):
            return bytes(body)


DRAINED = 16 * 1024 * 1024
"""Bytes of a body that is too large which are read, and dropped, so that the client can read the refusal."""
_LONGEST_LENGTH = 20


async def _drain(receive: Receive, declared: int) -> None:
    """Reads the rest of the body if it is not very large. A client that is still sending would see a reset, not the answer."""
    left = DRAINED
    if declared > left:
        return
    while left > 0:
        message: Message = await receive()
        left -= len(message.get("body", b""))
        if not message.get("more_body", False):
            return


def _too_large(max_bytes: int) -> RefusedError:
    # More of the body may follow, so the connection cannot be used again.
    text = f"The request is larger than {max_bytes} bytes."
    return RefusedError(413, "PAYLOAD_TOO_LARGE", text, {"Connection": "close"})


def _from_json(body: bytes) -> GraphQLRequest:
    parameters = json_of(body, "The body")
    if isinstance(parameters, list):
        raise _bad("Send one request at a time, not a batch.")
    if not isinstance(parameters, dict):
        raise _bad("The body must be a JSON object with a query.")
    return _request(parameters, may_write=True)


def _from_query_string(query_string: bytes) -> GraphQLRequest:
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise _bad("The query string is not URL-encoded UTF-8.") from None
    parameters: dict[str, Any] = {}
    for name, value in pairs:
        if name in parameters:
            raise _bad(f"The parameter {name} is given twice." if name.isidentifier() else "Repeated parameter.")
        parameters[name] = value
    for name in ("variables", "extensions"):
        if name in parameters:
            parameters[name] = json_of(parameters[name].encode(), f"The parameter {name}") if parameters[name] else None
    if parameters.get("operationName") == "":
        parameters["operationName"] = None
    return _request(parameters, may_write=False)


def request_of(parameters: dict[str, Any]) -> GraphQLRequest:
    """A request that is the payload of a message; RefusedError when it is not a well-formed one."""
    return _request(parameters, may_write=True)


def _request(parameters: dict[str, Any], *, may_write: bool) -> GraphQLRequest:
    query = parameters.get("query")
    for name, kind, what in (
        ("variables", dict, "an object"),
        ("operationName", str, "a string"),
        ("extensions", dict, "an object"),
    ):
        if not isinstance(parameters.get(name), kind | None):
            raise _bad(f"The parameter {name} must be {what} or null.")
    document = _persisted(parameters.get("extensions") or {})
    if query is None and document is None:
        # GraphQL over HTTP, appendix A; Relay's programs send the other.
        document = parameters.get("documentId") or parameters.get("doc_id")
        if document is not None and not isinstance(document, str):
            raise _bad("The parameter documentId must be a string.")
    if (query is None and document is None) or not isinstance(query, str | None) or query == "":
        raise _bad("The parameter query must be a non-empty string.")
    return GraphQLRequest(
        query=query,
        document=document,
        variables=parameters.get("variables"),
        operation_name=parameters.get("operationName"),
        may_write=may_write,
    )


def _persisted(extensions: dict[str, Any]) -> str | None:
    """The hash of Apollo's automatic persisted queries."""
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    version = persisted.get("version") if isinstance(persisted, dict) else None
    if isinstance(version, bool) or version != 1:
        raise _bad("extensions.persistedQuery must be an object of version 1.")
    sha256 = persisted.get("sha256Hash")
    if not isinstance(sha256, str) or not sha256:
        raise _bad("extensions.persistedQuery.sha256Hash must be a non-empty string.")
    return sha256


_MOST_FRACTIONS = 20_000


class _Fractions:
    """A number with a fraction keeps its digits; the JSON scalar reads them. Each takes as long as many whole numbers."""

    def __init__(self) -> None:
        self._left = _MOST_FRACTIONS

    def __call__(self, text: str) -> WrittenFloat:
        self._left -= 1
        if self._left < 0:
            raise RefusedError(
                400, "TOO_COSTLY", f"The request has more than {_MOST_FRACTIONS} numbers with a fraction."
            )
        return WrittenFloat(text)


def json_of(text: bytes, what: str) -> Any:
    """RefusedError names `what` if it is not JSON."""
    try:
        return msgspec.json.Decoder(float_hook=_Fractions()).decode(text)
    except (ValueError, RecursionError):
        raise _bad(f"{what} is not JSON in UTF-8, or is nested too deeply.") from None


def _bad(message: str) -> RefusedError:
    return RefusedError(400, "BAD_REQUEST", message)
