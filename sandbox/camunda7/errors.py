"""The engine's errors: a status, a type and a text. Many refusals are 500."""

from typing import Any


class RefusalError(Exception):
    """`code` is null where the REST layer refuses, and a number where the engine does."""

    def __init__(self, status: int, type: str, message: str, code: int | None = 0, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"type": type, "message": message, "code": code, **more}


class UnreadableError(Exception):
    """A body that is no JSON, or a member of the wrong type: 400 with a plain text."""


def no_task(id: str) -> str:
    return f"Cannot find task with id {id}: task is null"


def no_match(id: str) -> RefusalError:
    return RefusalError(404, "InvalidRequestException", f"No matching task with id {id}", None)


def invalid(message: str) -> RefusalError:
    return RefusalError(400, "InvalidRequestException", message, None)


def rest(verb: str, id: str, reason: str, code: int | None = 0) -> RefusalError:
    return RefusalError(500, "RestException", f"Cannot {verb} {id}: {reason}", code)


def suspended(id: str) -> str:
    return f"ENGINE-03043 task with id '{id}' is suspended."


def is_suspended(id: str) -> RefusalError:
    return RefusalError(400, "SuspendedEntityInteractionException", suspended(id))


def engine_fault(message: str, status: int = 500) -> RefusalError:
    return RefusalError(status, "ProcessEngineException", message)


def no_path() -> RefusalError:
    return RefusalError(404, "NotFoundException", "HTTP 404 Not Found", None)


def forbidden(user: str, permissions: list[tuple[str, str, str]]) -> RefusalError:
    """Each of `permissions` is a permission, a resource and its id: the account lacks one of them."""
    named = " or ".join(f"'{name}' permission on resource '{id}' of type '{kind}'" for name, kind, id in permissions)
    missing = [{"permissionName": name, "resourceName": kind, "resourceId": id} for name, kind, id in permissions]
    single = len(permissions) == 1
    return RefusalError(
        403,
        "AuthorizationException",
        f"The user with id '{user}' does not have one of the following permissions: {named}",
        userId=user,
        resourceName=permissions[0][1] if single else None,
        resourceId=permissions[0][2] if single else None,
        permissionName=permissions[0][0] if single else None,
        missingAuthorizations=missing,
    )
