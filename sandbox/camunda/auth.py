"""Who calls, by password or by a token of the stand-in's own token endpoint, and what the caller may do."""

import base64
import binascii
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sandbox.camunda.definitions import BY_ID, Step
from sandbox.camunda.errors import ProblemError, rejected
from sandbox.camunda.records import ProcessInstance, UserTask
from sandbox.camunda.search import Table
from sandbox.camunda.variants import Scenario
from sandbox.people import ALL_PEOPLE
from sandbox.stand_in import Clock

CLIENT_ID = "taskgate"
CLIENT_SECRET = "taskgate-secret"  # noqa: S105 # a planted one
AUDIENCE = "zeebe.camunda.io"
TOKEN_PATH = "/oauth/token"  # noqa: S105 # a path
TOKEN_LIFETIME_S = 300


_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


Trusted = Callable[[str], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class _Granted:
    """A token of the provider: whose it is, for whom, and until when. `person` is None for the client's own."""

    person: str | None
    audience: tuple[str, ...]
    until: datetime


@dataclass(frozen=True, slots=True)
class Caller:
    """`id` is a user name or the client id of a token. It is None if the API is unprotected."""

    id: str | None
    type: str
    request_id: str | None
    is_admin: bool = True

    @property
    def groups(self) -> tuple[str, ...]:
        return next((person.groups for person in ALL_PEOPLE if person.key == self.id), ())


class Permissions:
    """What a caller may read and change.

    People who sign in as themselves have the processes in which one of their groups has a task, and nothing of the directory.
    The admin, clients and callers of an unprotected API may do everything.
    """

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def readable(self, table: Table[Any]) -> int | None:
        """Return the tasks, instances or definitions that searches show. None: all. Others are left out silently."""
        return None if self._caller.is_admin else table.having("processDefinitionId", self._granted())

    def readable_directory(self) -> int | None:
        return None if self._caller.is_admin else 0

    def check_task(self, task: UserTask) -> None:
        if not self._has(task.process_definition_id):
            raise _forbidden(
                "Unauthorized to perform any of the operations: 'READ_USER_TASK' on 'PROCESS_DEFINITION' or 'READ' on 'USER_TASK'"
            )

    def check_process(self, process_id: str, permission: str) -> None:
        if not self._has(process_id):
            raise _forbidden(f"Unauthorized to perform operation '{permission}' on resource 'PROCESS_DEFINITION'")

    def check_directory(self, resource: str) -> None:
        if not self._caller.is_admin:
            raise _forbidden(f"Unauthorized to perform operation 'READ' on resource '{resource}'")

    def check_command(self, command: str, permission: str, row: UserTask | ProcessInstance | None) -> None:
        """Check a command on a task or instance. The engine itself refuses an unknown one (None)."""
        if row is not None:
            self.check_command_on_process(command, permission, row.process_definition_id)

    def check_command_on_process(self, command: str, permission: str, process_id: str) -> None:
        if not self._has(process_id):
            reason = (
                f"Insufficient permissions to perform operation '{permission}' on resource 'PROCESS_DEFINITION', "
                f"required resource identifiers are one of '[*, {process_id}]'"
            )
            raise rejected(403, command, "FORBIDDEN", reason)

    def _has(self, process_id: str) -> bool:
        return self._caller.is_admin or process_id in self._granted()

    def _granted(self) -> list[str]:
        """Return the ids of the processes in which one of the caller's groups has a task."""
        groups = set(self._caller.groups)
        return [
            process.id
            for process in BY_ID.values()
            if any(isinstance(each, Step) and set(each.groups) & groups for _, each in process.elements())
        ]


class Authentication:
    def __init__(
        self, scenario: Scenario, clock: Clock, admin: tuple[str, str], trusted: Trusted = lambda _: None
    ) -> None:
        """`admin` is name and password of the only user who may do everything.

        `trusted` checks tokens of another provider that the cluster accepts too: it gives their claims.
        """
        self._trusted = trusted
        self._scenario, self._clock, self._admin = scenario, clock, admin
        self._granted: dict[str, _Granted] = {}

    def caller(self, request: Request) -> Caller:
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        request_id = request.headers.get("x-request-id")
        if self._scenario.method == "none":
            return Caller(None, "ANONYMOUS", request_id)
        if self._scenario.method == "basic" and scheme.lower() == "basic":
            user, password = _decoded(credentials)
            if (user, password) == self._admin:
                return Caller(user, "USER", request_id)
            people = {person.key for person in ALL_PEOPLE} if self._scenario.authorizations else set()
            if user in people and password == user:
                return Caller(user, "USER", request_id, is_admin=False)
        granted = self._known(credentials) if scheme.lower() == "bearer" else None
        if granted is not None and self._clock() < granted.until and AUDIENCE in granted.audience:
            if granted.person is None:
                return Caller(CLIENT_ID, "CLIENT", request_id)
            is_admin = any(each.key == granted.person and "task_admin" in each.roles for each in ALL_PEOPLE)
            return Caller(granted.person, "USER", request_id, is_admin=is_admin)
        raise ProblemError(401, "Unauthorized", "An Authentication object was not found in the SecurityContext")

    def _known(self, token: str) -> _Granted | None:
        """Return a token that was made here, or one of a trusted provider."""
        granted = self._granted.get(token)
        claims = None if granted is not None else self._trusted(token)
        if claims is None:
            return granted
        aud = claims.get("aud", ())
        until = datetime.fromtimestamp(claims["exp"], UTC)
        return _Granted(claims.get("preferred_username"), (aud,) if isinstance(aud, str) else tuple(aud), until)

    def grant(
        self,
        person: str | None,
        audience: tuple[str, ...] = (AUDIENCE,),
        lifetime_s: int = TOKEN_LIFETIME_S,
    ) -> str:
        """Return a JWT for a person, or for the client itself. Only this stand-in accepts it."""
        until = self._clock() + timedelta(seconds=lifetime_s)
        claims = {
            "aud": audience,
            "sub": person or CLIENT_ID,
            "exp": int(until.timestamp()),
            "jti": secrets.token_hex(8),
        }
        parts = [orjson.dumps({"alg": "RS256", "typ": "JWT"}), orjson.dumps(claims), secrets.token_bytes(16)]
        token = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
        self._granted[token] = _Granted(person, audience, until)
        return token

    async def token(self, request: Request) -> Response:
        """Return a token for the client credentials in the form body (RFC 6749 section 4.4), or in exchange (RFC 8693)."""
        if self._scenario.method != "oidc":
            return _refused(404, "invalid_request", "the cluster does not sign in by tokens")
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode(errors="replace")).items()}
        if form.get("grant_type") not in {"client_credentials", _EXCHANGE}:
            return _refused(400, "unsupported_grant_type", "only client_credentials and token exchange")
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return _refused(401, "invalid_client", "no such client or secret")
        if form.get("audience", AUDIENCE) != AUDIENCE:
            return _refused(403, "access_denied", "no such audience")
        person = None
        if form["grant_type"] == _EXCHANGE:
            subject = self._known(form.get("subject_token", ""))
            if subject is None or subject.person is None or self._clock() >= subject.until:
                return _refused(400, "invalid_grant", "no such subject token")
            if CLIENT_ID not in subject.audience:
                return _refused(403, "access_denied", "Client is not within the token audience")
            person = subject.person
        content = {"access_token": self.grant(person), "expires_in": TOKEN_LIFETIME_S, "token_type": "Bearer"}
        return Response(orjson.dumps(content), media_type="application/json", headers={"Cache-Control": "no-store"})


def _decoded(credentials: str) -> tuple[str, str]:
    try:
        user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def _refused(status: int, error: str, description: str) -> Response:
    content = {"error": error, "error_description": description}
    return Response(orjson.dumps(content), status, media_type="application/json")


def _forbidden(detail: str) -> ProblemError:
    return ProblemError(403, "FORBIDDEN", detail)
