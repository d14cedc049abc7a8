"""The identity provider's tokens, and who may call the bridge."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request

from sandbox.littlehorse.directory import (
    ACCOUNT,
    ADMIN_ROLE,
    BRIDGE_CLIENTS,
    CLIENT_ID,
    CLIENT_SECRET,
    DASHBOARD,
    TENANT,
    USERS,
    User,
)
from sandbox.littlehorse.errors import RefusalError, insufficient_scope, invalid_token, no_token
from sandbox.stand_in import Clock

LIFETIME_S = 300
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 the name of a token type

Claims = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Caller:
    """`kernel_id` is the person's id in the kernel. `groups` are known through the identity adapter only."""

    user: User
    kernel_id: str
    groups: tuple[str, ...]


class TokenRefusedError(Exception):
    """An error of the token endpoint (RFC 6749 section 5.2). `status` is 401 for a wrong client secret."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error


class Issuer:
    """The token endpoint. Each stand-in signs with its own key, so that it refuses tokens of another one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)

    def token(self, user: User, *, client: str = CLIENT_ID, tenant: str = TENANT, lifetime_s: int = LIFETIME_S) -> str:
        """Return an access token for a person who signed in at `client`."""
        now = int(self._clock().timestamp())
        claims = {
            "iss": "stand-in/realms/default",
            "sub": user.id,
            "email": user.email,
            "preferred_username": user.username,
            "azp": client,
            "allowed_tenant": tenant,
            "realm_access": {"roles": [*user.roles, "default-roles"]},
            "iat": now,
            "exp": now + lifetime_s,
            "jti": secrets.token_hex(8),
        }
        signed = ".".join(_base64(msgspec.json.encode(part)) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
        return f"{signed}.{self._signature(signed)}"

    def claims(self, token: str) -> Claims | None:
        """Return the claims of a token that was signed here and has not expired."""
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(signed).encode()):
            return None
        try:
            payload = signed.partition(".")[2]
            claims: Claims = msgspec.json.decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        except (Base64Error, msgspec.DecodeError):
            return None
        return claims if self._clock().timestamp() < claims["exp"] else None

    def grant(self, form: Mapping[str, str]) -> dict[str, object]:
        """Answer the token endpoint: client credentials, or the exchange of a person's token (RFC 8693)."""
        if form.get("client_id") != CLIENT_ID or form.get("client_secret") != CLIENT_SECRET:
            raise TokenRefusedError(401, "invalid_client")
        match form.get("grant_type"):
            case "client_credentials":
                return _answer(self.token(ACCOUNT))
            case grant if grant == EXCHANGE:
                if form.get("subject_token_type") != ACCESS_TOKEN or not form.get("subject_token"):
                    raise TokenRefusedError(400, "invalid_request")
                claims = self.claims(form["subject_token"])
                if claims is None:
                    raise TokenRefusedError(400, "invalid_grant")
                return {**_answer(self.token(USERS[claims["sub"]])), "issued_token_type": ACCESS_TOKEN}
            case _:
                raise TokenRefusedError(400, "unsupported_grant_type")

    def signed_in(self, user: User) -> str:
        """Return the token of a person who signed in at the dashboard. The bridge does not accept it."""
        return self.token(user, client=DASHBOARD)

    def _signature(self, signed: str) -> str:
        return _base64(hmac.digest(self._key, signed.encode(), hashlib.sha256))


def authenticated(request: Request, issuer: Issuer, *, admin: bool, checks_tenant: bool) -> Claims:
    """Check token and role as the security filter does (errors without a body), then the tenant as the controller does."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise no_token()
    claims = issuer.claims(token)
    if claims is None:
        raise invalid_token()
    if admin and not _is_admin(claims):
        raise insufficient_scope()
    tenant = request.path_params["tenant_id"]
    shape: Any = "problem" if request.method == "GET" else "boot"
    if checks_tenant and tenant != TENANT:
        raise RefusalError(500, None if shape == "problem" else "Unauthorized issuer", shape)
    if checks_tenant and (
        str(claims["allowed_tenant"]).lower() != tenant.lower() or claims["azp"] not in BRIDGE_CLIENTS
    ):
        raise RefusalError(401, "Invalid token", shape)
    return claims


def _is_admin(claims: Claims) -> bool:
    return ADMIN_ROLE in claims["realm_access"]["roles"]


def _answer(token: str) -> dict[str, object]:
    return {"access_token": token, "expires_in": LIFETIME_S, "token_type": "Bearer"}


def _base64(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
