"""Tokens of external applications, personal access tokens of people, and what each may do."""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from sandbox.stand_in import Clock
from sandbox.uipath.directory import FOLDERS, PEOPLE, SERVICE, User, folders_of
from sandbox.uipath.errors import not_authenticated, not_authorized, oauth

TOKEN_S = 3600

_READ = ("OR.Tasks.Read", "OR.Folders.Read", "OR.Users.Read", "PIMS")
_ALL = frozenset({"OR.Tasks", "OR.Tasks.Read", "OR.Tasks.Write", "OR.Folders", "OR.Users", *_READ})


@dataclass(frozen=True, slots=True)
class Caller:
    """The rights of a token. `view`, `edit` and `admin` are the folders with Tasks.View, with Tasks.Edit, and as task admin."""

    name: str
    user: User | None
    scopes: frozenset[str]
    view: frozenset[int]
    edit: frozenset[int]
    admin: frozenset[int]

    @property
    def user_id(self) -> int | None:
        return None if self.user is None else self.user.id

    def needs(self, *scopes: str) -> None:
        """Raise 403 unless the token has one of the scopes."""
        if self.scopes.isdisjoint(scopes):
            raise not_authorized()


@dataclass(frozen=True, slots=True)
class Application:
    """A confidential external application, registered with application scopes."""

    client_id: str
    client_secret: str
    caller: Caller


_EVERYWHERE = frozenset(FOLDERS)

APP = Application(
    "0c6c2f57-7c2e-4a0b-9d55-3a1f6a7f6d10",
    "taskgate-demo-secret",
    Caller("taskgate", SERVICE, _ALL, _EVERYWHERE, _EVERYWHERE, _EVERYWHERE),
)
READER_APP = Application(
    "9a1b7d43-5f0e-4c58-8c0e-1f4a2c9d7e22",
    "reader-demo-secret",
    Caller("reader", None, frozenset(_READ), _EVERYWHERE, frozenset(), frozenset()),
)
_APPLICATIONS = {each.client_id: each for each in (APP, READER_APP)}


def _person(key: str, *, admin: bool = False) -> Caller:
    folders = folders_of(PEOPLE[key])
    return Caller(key, PEOPLE[key], _ALL, folders, folders, folders if admin else frozenset())


PERSONAL_TOKENS = {"alice": "rt_demo_alice", "bob": "rt_demo_bob", "carol": "rt_demo_carol", "elena": "rt_demo_elena"}
_PEOPLE = {token: _person(key, admin=key == "carol") for key, token in PERSONAL_TOKENS.items()}


class Sessions:
    """Tokens of applications are valid for one hour and cannot be refreshed. Personal access tokens do not expire."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens: dict[str, tuple[float, Caller]] = {}

    def issue(self, form: Mapping[str, str]) -> dict[str, object]:
        """Answer the token endpoint. Raises OAuth errors with status 400."""
        if form.get("grant_type") != "client_credentials":
            raise oauth("unsupported_grant_type")
        app = _APPLICATIONS.get(form.get("client_id", ""))
        secret = form.get("client_secret", "")
        if app is None or not secrets.compare_digest(app.client_secret.encode(), secret.encode()):
            raise oauth("invalid_client")
        scopes = frozenset(form["scope"].split()) if form.get("scope") else app.caller.scopes
        if not scopes <= app.caller.scopes:
            raise oauth("invalid_scope")
        token = self._new_token()
        now = self._clock().timestamp()
        self._tokens = {known: kept for known, kept in self._tokens.items() if kept[0] > now}
        self._tokens[token] = (now + TOKEN_S, _with_scopes(app.caller, scopes))
        return {
            "access_token": token,
            "expires_in": TOKEN_S,
            "token_type": "Bearer",
            "scope": " ".join(sorted(scopes)),
        }

    def caller(self, authorization: str | None) -> Caller:
        """Return the caller of an `Authorization` header, or raise 401."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            raise not_authenticated()
        if token in _PEOPLE:
            return _PEOPLE[token]
        expires, caller = self._tokens.get(token, (0.0, None))
        if caller is None or expires <= self._clock().timestamp():
            raise not_authenticated()
        return caller

    @staticmethod
    def _new_token() -> str:
        parts = (b'{"alg":"RS256","typ":"at+jwt"}', msgspec.json.encode({"jti": secrets.token_hex(16)}))
        signature = secrets.token_bytes(32)
        return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, signature))


def _with_scopes(caller: Caller, scopes: frozenset[str]) -> Caller:
    return Caller(caller.name, caller.user, scopes, caller.view, caller.edit, caller.admin)
