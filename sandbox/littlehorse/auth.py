"""The identity provider's tokens, and who may call the bridge."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.requests import Request

from sandbox.littlehorse.directory import (
    ADMIN_ROLE,
    BRIDGE_CLIENTS,
    CLIENT_ID,
    CLIENT_SECRET,
    DASHBOARD,
    TENANT,
    Realm,
    User,
)
from sandbox.littlehorse.errors import RefusalError, by_status, insufficient_scope, invalid_token, no_token
from sandbox.stand_in import Clock, iso_millis

LIFETIME_S = 300
LEEWAY_S = 60
"""Seconds for which the bridge accepts a token that is over. The identity provider does not accept it."""
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 the name of a token type

Claims = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Caller:
    """`kernel_id` is the person's id in the kernel; None if the token lacks the claim. `groups` are known through the
    identity adapter only. `has_valid_token`: the identity provider accepts the token too.
    """

    user: User
    kernel_id: str | None
    groups: tuple[str, ...]
    has_valid_token: bool

    @property
    def may_look_up(self) -> bool:
        """Whether the identity provider answers what the bridge asks it with the caller's token."""
        return self.has_valid_token and self.user.may_view_users


class TokenRefusedError(Exception):
    """An error of the token endpoint (RFC 6749 section 5.2). `status` is 401 for a wrong client secret."""

    def __init__(self, status: int, error: str, description: str | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, **({} if description is None else {"error_description": description})}


class Issuer:
    """The token endpoint. Each stand-in signs with its own key, so that it refuses tokens of another one."""

    def __init__(self, realm: Realm, clock: Clock) -> None:
        self._realm = realm
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self.trusted: Callable[[str], Claims | None] = lambda _token: None
        """Checks tokens of another provider that the bridge accepts too: gives their claims."""

    def token(
        self,
        user: User,
        *,
        client: str = CLIENT_ID,
        tenant: str = TENANT,
        lifetime_s: int = LIFETIME_S,
        audience: tuple[str, ...] = (CLIENT_ID, "account"),
    ) -> str:
        """Return an access token for a person who signed in at `client`."""
        now = int(self._clock().timestamp())
        claims = {
            "iss": "stand-in/realms/default",
            "aud": audience,
            "sub": user.id,
            **({} if user.email is None else {"email": user.email}),
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
        """Return the claims of a token that was signed here or is trusted, also of one that is over."""
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(signed).encode()):
            return self.trusted(token)
        try:
            payload = signed.partition(".")[2]
            claims: Claims = msgspec.json.decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        except (Base64Error, msgspec.DecodeError):
            return None
        return claims

    def seconds_left(self, claims: Claims) -> float:
        """Return until when the token is valid; negative after that."""
        left: float = claims["exp"] - self._clock().timestamp()
        return left

    def grant(self, form: Mapping[str, str]) -> dict[str, object]:
        """Answer the token endpoint: client credentials, or the exchange of a person's token (RFC 8693)."""
        if form.get("client_id") != CLIENT_ID or form.get("client_secret") != CLIENT_SECRET:
            raise TokenRefusedError(401, "invalid_client")
        match form.get("grant_type"):
            case "client_credentials":
                return _answer(self.token(self._realm.account))
            case grant if grant == EXCHANGE:
                if form.get("subject_token_type") != ACCESS_TOKEN or not form.get("subject_token"):
                    raise TokenRefusedError(400, "invalid_request")
                claims = self.claims(form["subject_token"])
                user = None if claims is None else self._realm.user(claims["sub"])
                if claims is None or user is None or self.seconds_left(claims) <= 0:
                    raise TokenRefusedError(400, "invalid_grant")
                if CLIENT_ID not in claims["aud"]:
                    raise TokenRefusedError(403, "access_denied", "Client is not within the token audience")
                return {**_answer(self.token(user)), "issued_token_type": ACCESS_TOKEN}
            case _:
                raise TokenRefusedError(400, "unsupported_grant_type")

    def signed_in(self, user: User) -> str:
        """Return the token of a person who signed in at the dashboard. The bridge does not accept it."""
        return self.token(user, client=DASHBOARD)

    def _signature(self, signed: str) -> str:
        return _base64(hmac.digest(self._key, signed.encode(), hashlib.sha256))


def token_claims(request: Request, issuer: Issuer) -> Claims:
    """Check the token as the security filter does, before any path is looked at. Errors have no body."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise no_token()
    claims = issuer.claims(token)
    if claims is None:
        raise invalid_token()
    if issuer.seconds_left(claims) <= -LEEWAY_S:
        moment = iso_millis(datetime.fromtimestamp(claims["exp"], UTC)).replace(".000", "")
        raise invalid_token(f"An error occurred while attempting to decode the Jwt: Jwt expired at {moment}")
    return claims


def authenticated(request: Request, issuer: Issuer, *, admin: bool, checks_tenant: bool) -> Claims:
    """Check token and role as the security filter does, then the tenant as the controller does."""
    claims = token_claims(request, issuer)
    if admin and not _is_admin(claims):
        raise insufficient_scope()
    tenant = request.path_params["tenant_id"]
    if checks_tenant and tenant != TENANT:
        raise RefusalError(500, "Could not find a matching configured tenant")
    if checks_tenant and (
        str(claims["allowed_tenant"]).lower() != tenant.lower() or claims["azp"] not in BRIDGE_CLIENTS
    ):
        raise by_status(401)
    return claims


def _is_admin(claims: Claims) -> bool:
    return ADMIN_ROLE in claims["realm_access"]["roles"]


def _answer(token: str) -> dict[str, object]:
    return {"access_token": token, "expires_in": LIFETIME_S, "token_type": "Bearer"}


def _base64(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
