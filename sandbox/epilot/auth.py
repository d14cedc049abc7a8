"""Signed tokens with the claims that the vendor documents, and the grants of their owners."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from datetime import datetime
from typing import Literal, get_args

import msgspec
from msgspec import Struct

from sandbox.epilot.directory import ORG, USERS
from sandbox.epilot.errors import forbidden, unauthorized

Grant = Literal[
    "workflow:execution:view",
    "workflow:execution:trigger",
    "workflow:execution:cancel",
    "workflow:execution:delete",
    "workflow:execution:update_details",
    "workflow:execution:task:update",
    "workflow:execution:task:assign",
    "workflow:execution:task:update_date",
    "workflow:execution:task:add",
    "user:view",
    "kanban:view",
    "kanban:all_assignee_filters",
]

VIEW: frozenset[Grant] = frozenset({"workflow:execution:view", "user:view", "kanban:view"})
ALL: frozenset[Grant] = frozenset(get_args(Grant))
OWN: frozenset[Grant] = ALL - {"kanban:all_assignee_filters", "workflow:execution:delete"}

SERVICE_ID = "api_5ZugdRXasLfWBypHi93Fk"
READER_ID = "api_Nq02hXvK7cYtWd4eTzR1b"
_API_GRANTS = {SERVICE_ID: ALL, READER_ID: VIEW}
_SIGNED_WITH = b"the sandbox of taskgate"


class Claims(Struct, omit_defaults=True):
    """`exp` is in seconds since 1970, 0 for never. In an access token, which belongs to no person, both ids are equal."""

    org_id: str
    user_id: str
    token_id: str = ""
    exp: int = 0


class Caller(Struct, frozen=True):
    id: str
    grants: frozenset[Grant]
    request_id: str | None

    def require(self, *grants: Grant) -> None:
        if not self.grants.issuperset(grants):
            raise forbidden()


def access_token(token_id: str = SERVICE_ID, expires: datetime | None = None) -> str:
    """Make an access token for a program. It is valid until `expires`, or without end."""
    return _signed(Claims(ORG, token_id, token_id, 0 if expires is None else int(expires.timestamp())))


def user_token(user_id: str, expires: datetime) -> str:
    """Make a person's token. The vendor's are valid for 60 minutes."""
    return _signed(Claims(ORG, user_id, exp=int(expires.timestamp())))


def caller_of(authorization: str | None, org: str | None, request_id: str | None, now: datetime) -> Caller:
    """Return the caller of a request. Raises 401 for a foreign or expired token, 403 for another organisation."""
    scheme, _, token = (authorization or "").partition(" ")
    claims = _verified(token.strip()) if scheme.lower() == "bearer" else None
    if claims is None or (claims.exp and claims.exp <= now.timestamp()):
        raise unauthorized()
    grants = _API_GRANTS.get(claims.user_id, OWN if claims.user_id in USERS else None)
    if grants is None:
        raise unauthorized()
    if org not in (None, ORG):
        raise forbidden()
    return Caller(claims.user_id, grants, request_id)


def _signed(claims: Claims) -> str:
    content = f"{_base64(msgspec.json.encode({'alg': 'HS256', 'typ': 'JWT'}))}.{_base64(msgspec.json.encode(claims))}"
    return f"{content}.{_signature(content)}"


def _verified(token: str) -> Claims | None:
    content, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(content).encode()):
        return None
    _, _, payload = content.partition(".")
    try:
        return msgspec.json.decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), type=Claims)
    except (Base64Error, msgspec.DecodeError):
        return None


def _signature(content: str) -> str:
    return _base64(hmac.new(_SIGNED_WITH, content.encode(), hashlib.sha256).digest())


def _base64(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
