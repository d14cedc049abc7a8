"""Who calls: Basic with a user's password, bearer tokens of the stand-in's own token endpoint, or nobody at all."""

import base64
import binascii
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sandbox.camunda.problems import ProblemError
from sandbox.camunda.scenario import Scenario
from sandbox.people import ALL_PEOPLE
from sandbox.stand_in import Clock

CLIENT_ID = "taskgate"
CLIENT_SECRET = "taskgate-secret"  # noqa: S105 # a planted one
AUDIENCE = "zeebe.camunda.io"
TOKEN_PATH = "/oauth/token"  # noqa: S105 # a path
TOKEN_LIFETIME_S = 300


@dataclass(frozen=True, slots=True)
class Caller:
    """`id` is a username or, for a client of the token endpoint, its client id; None for nobody."""

    id: str | None
    type: str
    request_id: str | None
    is_admin: bool = True


class Authentication:
    def __init__(self, scenario: Scenario, clock: Clock, admin: tuple[str, str]) -> None:
        """`admin` is the name and the password of the one user who may do everything."""
        self._scenario, self._clock, self._admin = scenario, clock, admin
        self._expiries: dict[str, datetime] = {}

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
        expiry = self._expiries.get(credentials) if scheme.lower() == "bearer" else None
        if expiry is not None and self._clock() < expiry:
            return Caller(CLIENT_ID, "CLIENT", request_id)
        raise ProblemError(401, "Unauthorized", "An Authentication object was not found in the SecurityContext")

    async def token(self, request: Request) -> Response:
        """Give a token for the client's credentials, which stand in the form body (RFC 6749, 4.4)."""
        if self._scenario.method != "oidc":
            return _refused(404, "invalid_request", "the cluster does not sign in by tokens")
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode(errors="replace")).items()}
        if form.get("grant_type") != "client_credentials":
            return _refused(400, "unsupported_grant_type", "only client_credentials")
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return _refused(401, "invalid_client", "no such client or secret")
        if form.get("audience", AUDIENCE) != AUDIENCE:
            return _refused(403, "access_denied", "no such audience")
        token = secrets.token_urlsafe(24)
        self._expiries[token] = self._clock() + timedelta(seconds=TOKEN_LIFETIME_S)
        content = {"access_token": token, "expires_in": TOKEN_LIFETIME_S, "token_type": "Bearer"}
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
