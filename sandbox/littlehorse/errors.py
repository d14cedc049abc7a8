"""The errors of the bridge in two shapes, of its security filter (without a body) and of the kernel."""

from typing import Any, Literal

import orjson
from starlette.responses import Response

from sandbox.stand_in import Clock, iso_millis

REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    412: "Precondition Failed",
    429: "Too Many Requests",
    500: "Internal Server Error",
}
OWNED_BY_OTHERS = "Current user is forbidden from accessing this UserTask information"
OWNED_BY_OTHERS_IN_GROUP = "Current user/userGroup is forbidden from accessing this UserTask information"
WITHOUT_USER_ID = "userId is marked non-null but is null"
WITHOUT_USER_ID_ON_READING = "Unable to read provided user information"
WITHOUT_GROUPS = "Something went wrong while fetching all My Groups from Keycloak realm."

# After these the bridge closes the connection.
_CLOSING = frozenset({400, 500})
_SEE = 'error_uri="https://tools.ietf.org/html/rfc6750#section-3.1"'

Shape = Literal["problem", "boot", "empty"]


class RefusalError(Exception):
    """`text` is the `detail` of a problem document or the `message` of Spring Boot's body. None is left out."""

    def __init__(
        self, status: int, text: str | None = None, shape: Shape = "boot", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {text}")
        self.status = status
        self.text = text
        self.shape = shape
        self.headers = headers or {}

    def response(self, path: str, clock: Clock) -> Response:
        if self.shape == "empty":
            return Response(status_code=self.status, headers=self.headers)
        headers = {**self.headers, **({"Connection": "close"} if self.status in _CLOSING else {})}
        if self.shape == "problem":
            body: dict[str, Any] = {"type": "about:blank", "title": REASONS[self.status], "status": self.status}
            named = {} if self.text is None else {"detail": self.text}
            content = orjson.dumps({**body, **named, "instance": path})
            return Response(content, self.status, media_type="application/problem+json", headers=headers)
        moment = iso_millis(clock()).replace("Z", "+00:00")
        body = {"timestamp": moment, "status": self.status, "error": REASONS[self.status]}
        content = orjson.dumps({**body, "message": self.text or "No message available", "path": path})
        return Response(content, self.status, media_type="application/json", headers=headers)


class KernelError(Exception):
    """A gRPC status of the kernel: `code` is its name."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = f"{code}: {message}"


def by_status(status: int) -> RefusalError:
    """Return the error of a controller that names a status and no more."""
    return RefusalError(status, f"{status} {REASONS[status].upper().replace(' ', '_')}")


def invalid_token(description: str = "Could not retrieve JWT claim-set") -> RefusalError:
    challenge = f'Bearer error="invalid_token", error_description="{description}", {_SEE}'
    return RefusalError(401, None, "empty", {"WWW-Authenticate": challenge})


def no_token() -> RefusalError:
    return RefusalError(401, None, "empty", {"WWW-Authenticate": "Bearer"})


def insufficient_scope() -> RefusalError:
    description = "The request requires higher privileges than provided by the access token."
    challenge = f'Bearer error="insufficient_scope", error_description="{description}", {_SEE}'
    return RefusalError(403, None, "empty", {"WWW-Authenticate": challenge})
