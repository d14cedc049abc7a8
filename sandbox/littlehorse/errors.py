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
        self.headers = headers

    def response(self, path: str, clock: Clock) -> Response:
        if self.shape == "empty":
            return Response(status_code=self.status, headers=self.headers)
        if self.shape == "problem":
            body: dict[str, Any] = {"type": "about:blank", "title": REASONS[self.status], "status": self.status}
            named = {} if self.text is None else {"detail": self.text}
            content = orjson.dumps({**body, **named, "instance": path})
            return Response(content, self.status, media_type="application/problem+json", headers=self.headers)
        body = {"timestamp": iso_millis(clock()), "status": self.status, "error": REASONS[self.status]}
        named = {} if self.text is None else {"message": self.text}
        content = orjson.dumps({**body, **named, "path": path})
        return Response(content, self.status, media_type="application/json", headers=self.headers)


class KernelError(Exception):
    """A gRPC status of the kernel: `code` is its name."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = f"{code}: {message}"


def invalid_token() -> RefusalError:
    return RefusalError(401, None, "empty", {"WWW-Authenticate": 'Bearer error="invalid_token"'})


def no_token() -> RefusalError:
    return RefusalError(401, None, "empty", {"WWW-Authenticate": "Bearer"})


def insufficient_scope() -> RefusalError:
    challenge = 'Bearer error="insufficient_scope", error_description="higher privileges are needed"'
    return RefusalError(403, None, "empty", {"WWW-Authenticate": challenge})
