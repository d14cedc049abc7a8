"""The vendor's errors: RFC 9457 problem documents. Programs tell them apart by `title`."""

from typing import Any

import orjson
from starlette.responses import Response


class ProblemError(Exception):
    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.title, self.detail = status, title, detail

    def response(self, instance: str) -> Response:
        return problem(self.status, self.title, self.detail, instance)


def problem(status: int, title: str, detail: str, instance: str) -> Response:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": instance,
    }
    return Response(orjson.dumps(body), status, media_type="application/problem+json")


def bad_request(detail: str) -> ProblemError:
    """Return the error of the web layer for a request that it cannot read."""
    return ProblemError(400, "Bad Request", detail)


def invalid_argument(detail: str) -> ProblemError:
    """Return the error for a readable value that is not allowed."""
    return ProblemError(400, "INVALID_ARGUMENT", detail)


def invalid_key(name: str, value: str) -> ProblemError:
    return invalid_argument(
        f"The provided {name} '{value}' is not a valid key. Expected a numeric value. "
        "Did you pass an entity id instead of an entity key?."
    )


def not_found(detail: str) -> ProblemError:
    return ProblemError(404, "NOT_FOUND", detail)


def rejected(status: int, command: str, code: str, reason: str) -> ProblemError:
    """Return the engine's error for a rejected command."""
    return ProblemError(status, code, f"Command '{command}' rejected with code '{code}': {reason}")


def bad_enum(value: object, field: str, allowed: tuple[str, ...]) -> ProblemError:
    return bad_request(
        f"Unexpected value '{value}' for enum field '{field}'. Use any of the following values: [{', '.join(allowed)}]"
    )


def timed_out() -> ProblemError:
    """Return the error for a command that the broker did not finish in time. It is still carried out."""
    return ProblemError(
        504, "DEADLINE_EXCEEDED", "Expected to handle request, but request timed out between gateway and broker"
    )
