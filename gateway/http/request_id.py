"""The id of a request: in its answer, in every log line and audit line about it, and in an INTERNAL error.

It is the client's `X-Request-Id` if that is plain, else the trace id of a `traceparent`, else a random one.
"""

import re
import secrets

from starlette.types import Scope

from gateway.http.request import header

HEADER = "X-Request-Id"

_KEY = "taskgate.request_id"
# What may stand in a header, a log line and a shell command as it is. 128 characters are enough for any tracing system.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=@~-]{0,127}")
# https://www.w3.org/TR/trace-context/
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")


def request_id(scope: Scope) -> str:
    """The id of the request of `scope`, the same at each call."""
    known = scope.get(_KEY)
    if not isinstance(known, str):
        known = scope[_KEY] = chosen(header(scope, b"x-request-id"), header(scope, b"traceparent"))
    return known


def chosen(sent: str | None, traceparent: str | None) -> str:
    """The id for the values of these two headers. A header that is sent twice is not plain: its values are joined by a comma."""
    if sent is not None and _PLAIN.fullmatch(sent):
        return sent
    found = _TRACEPARENT.fullmatch(traceparent or "")
    return found[1] if found is not None and found[1].strip("0") else secrets.token_hex(8)
