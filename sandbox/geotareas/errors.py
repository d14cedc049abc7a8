"""The vendor's documented errors."""


class RefusalError(Exception):
    """An answer with `success` false. Only a 429 has `retry_after_s`."""

    def __init__(self, status: int, code: str, message: str, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after_s = retry_after_s


def missing_headers(names: list[str]) -> RefusalError:
    return RefusalError(400, "BAD_REQUEST", f"Missing required headers: {', '.join(names)}.")


def invalid(message: str) -> RefusalError:
    return RefusalError(400, "VALIDATION_ERROR", message)


def unauthorized(message: str) -> RefusalError:
    return RefusalError(401, "UNAUTHORIZED", message)


def forbidden() -> RefusalError:
    return RefusalError(403, "FORBIDDEN", "User lacks required permission.")


def not_found(what: str) -> RefusalError:
    return RefusalError(404, "NOT_FOUND", f"{what} not found.")


def rate_limited(retry_after_s: int) -> RefusalError:
    return RefusalError(429, "RATE_LIMITED", "Rate limit exceeded.", retry_after_s)
