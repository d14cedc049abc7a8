"""Logins, the tokens they return, and what the account of a token may do."""

import math
import secrets
from base64 import urlsafe_b64encode
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

import msgspec
from starlette.requests import Request

from sandbox.geotareas.directory import AUDITOR, INTEGRATION, TERMINAL, User
from sandbox.geotareas.errors import forbidden, missing_headers, rate_limited, unauthorized
from sandbox.stand_in import Clock

TENANT = "demo.geotareas.example"
API_KEY = "gtk_demo_4f8a1c7e92b05d36"

Permission = Literal["APICLI_WORKFLOW_READ", "APICLI_WORKFLOW_EXECUTE"]

TOKEN_S = 3600
WINDOW_S = 30
ATTEMPTS = 5
BLOCK_S = 60
MOST_ADDRESSES = 1000


class Account(msgspec.Struct, frozen=True):
    """A login account with the permissions that its tokens carry."""

    email: str
    password: str
    user: User
    permissions: frozenset[Permission]


# One account may read and write, one may only read, one may only write. The last two exist to show the vendor's 403.
SERVICE = Account(
    "integration@demo.geotareas.example",
    "geotareas-demo-password",
    INTEGRATION,
    frozenset({"APICLI_WORKFLOW_READ", "APICLI_WORKFLOW_EXECUTE"}),
)
READER = Account(
    "auditor@demo.geotareas.example",
    "geotareas-reader-password",
    AUDITOR,
    frozenset({"APICLI_WORKFLOW_READ"}),
)
WRITER = Account(
    "terminal@demo.geotareas.example",
    "geotareas-writer-password",
    TERMINAL,
    frozenset({"APICLI_WORKFLOW_EXECUTE"}),
)
ACCOUNTS = {account.email: account for account in (SERVICE, READER, WRITER)}


@dataclass(slots=True)
class _Attempts:
    """Times of the latest logins and of the failed ones, in seconds since 1970."""

    all: deque[float] = field(default_factory=deque)
    failed: deque[float] = field(default_factory=deque)
    blocked_until: float = -math.inf

    def forget_before(self, moment: float) -> None:
        for times in (self.all, self.failed):
            while times and times[0] <= moment:
                times.popleft()


class Sessions:
    """Tokens are valid for one hour and cannot be refreshed.

    An account may log in 5 times in 30 s. After 5 failures within 30 s it is blocked for 60 s.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._attempts: dict[str, _Attempts] = {}
        self._tokens: dict[str, tuple[float, Account]] = {}

    def log_in(self, email: str, password: str) -> str:
        """Return a token, or raise the vendor's 401 or 429."""
        now = self._clock().timestamp()
        attempts = self._of(email.lower())
        attempts.forget_before(now - WINDOW_S)
        if now < attempts.blocked_until:
            raise rate_limited(math.ceil(attempts.blocked_until - now))
        if len(attempts.all) >= ATTEMPTS:
            raise rate_limited(max(1, math.ceil(attempts.all[0] + WINDOW_S - now)))
        attempts.all.append(now)
        account = ACCOUNTS.get(email.lower())
        if account is None or not secrets.compare_digest(account.password.encode(), password.encode()):
            attempts.failed.append(now)
            if len(attempts.failed) >= ATTEMPTS:
                attempts.blocked_until = now + BLOCK_S
            raise unauthorized("Invalid email or password.")
        return self._issue(account, now)

    def authenticated(self, request: Request) -> Account:
        """Check the three headers. Raise 400 for a missing one, 401 for a wrong one."""
        missing = [name for name in ("Authorization", "X-API-Key", "tenant") if not request.headers.get(name)]
        if missing:
            raise missing_headers(missing)
        scheme, _, token = request.headers["Authorization"].partition(" ")
        account = self._account(token) if scheme.lower() == "bearer" else None
        if account is None or request.headers["tenant"] != TENANT:
            raise unauthorized("Invalid or expired token.")
        if request.headers["X-API-Key"] != API_KEY:
            raise unauthorized("Invalid API key.")
        return account

    def forget_attempts(self) -> None:
        self._attempts.clear()

    def _account(self, token: str) -> Account | None:
        """Return the account of a token that is known and not expired."""
        expires, account = self._tokens.get(token, (-math.inf, None))
        return account if self._clock().timestamp() < expires else None

    def _of(self, email: str) -> _Attempts:
        if email not in self._attempts and len(self._attempts) >= MOST_ADDRESSES:
            del self._attempts[next(iter(self._attempts))]
        return self._attempts.setdefault(email, _Attempts())

    def _issue(self, account: Account, now: float) -> str:
        self._tokens = {token: session for token, session in self._tokens.items() if session[0] > now}
        # The vendor documents no claims, so the payload holds none; the token only looks like a JWT.
        parts = ({"alg": "HS256", "typ": "JWT"}, {"jti": secrets.token_hex(16)})
        token = ".".join([*(_base64(msgspec.json.encode(part)) for part in parts), _base64(secrets.token_bytes(32))])
        self._tokens[token] = (now + TOKEN_S, account)
        return token


def require(account: Account, permission: Permission) -> None:
    """Raise 403 unless the account has the permission."""
    if permission not in account.permissions:
        raise forbidden()


def _base64(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
