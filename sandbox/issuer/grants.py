"""The token endpoint: codes, passwords, a client's own token, and the exchange of tokens."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from sandbox.issuer.clients import Client
from sandbox.issuer.keys import KeyRing
from sandbox.issuer.tokens import LIFETIME_S, access_claims, account_claims, id_claims, subject
from sandbox.people import Person
from sandbox.stand_in import Clock

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 the name of a type
CODE_LIFETIME = timedelta(seconds=60)

Form = Mapping[str, str]


class GrantRefusedError(Exception):
    """An answer of RFC 6749 section 5.2, with Keycloak's words."""

    def __init__(self, status: int, error: str, description: str | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, **({} if description is None else {"error_description": description})}


@dataclass(frozen=True, slots=True)
class Code:
    """What a code stands for. `challenge` is that of PKCE with S256."""

    person: Person
    client: Client
    redirect: str
    challenge: str
    nonce: str | None
    scope: str
    until: datetime


class Grants:
    """`address` gives the issuer's `iss`."""

    def __init__(
        self,
        *,
        ring: KeyRing,
        clients: Mapping[str, Client],
        people: Mapping[str, Person],
        address: Callable[[], str],
        clock: Clock,
    ) -> None:
        self._ring = ring
        self._clients = clients
        self._people = people
        self._address = address
        self._clock = clock
        self._codes: dict[str, Code] = {}

    def code(self, person: Person, client: Client, form: Form) -> str:
        """A code for one use."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = Code(
            person,
            client,
            form["redirect_uri"],
            form["code_challenge"],
            form.get("nonce"),
            form.get("scope", ""),
            self._clock() + CODE_LIFETIME,
        )
        return code

    def answer(self, form: Form, authorization: str = "") -> dict[str, Any]:
        """The answer to a request of the token endpoint; GrantRefusedError for a refusal."""
        client = self._client(form, authorization)
        match form.get("grant_type"):
            case "authorization_code":
                return self._for_code(form, client)
            case "password":
                return self._for_password(form, client)
            case "client_credentials":
                if client.secret is None:
                    raise GrantRefusedError(
                        401, "unauthorized_client", "Public client not allowed to retrieve service account"
                    )
                claims = account_claims(client, issuer=self._address(), clock=self._clock)
                return _answer(self._ring.signed(claims), claims)
            case grant if grant == EXCHANGE:
                return self._exchanged(form, client)
            case _:
                raise GrantRefusedError(400, "unsupported_grant_type", "Unsupported grant_type")

    def _client(self, form: Form, authorization: str) -> Client:
        name, secret = form.get("client_id", ""), form.get("client_secret")
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() == "basic":
            try:
                name, _, secret = base64.b64decode(encoded).decode().partition(":")
            except ValueError:
                name = ""
            name, secret = unquote(name), unquote(secret or "")
        client = self._clients.get(name)
        if client is None or (client.secret or "") != (secret or ""):
            raise GrantRefusedError(401, "invalid_client", "Invalid client or Invalid client credentials")
        return client

    def _for_code(self, form: Form, client: Client) -> dict[str, Any]:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.client != client or code.until <= self._clock():
            raise GrantRefusedError(400, "invalid_grant", "Code not valid")
        if form.get("redirect_uri") != code.redirect:
            raise GrantRefusedError(400, "invalid_grant", "Incorrect redirect_uri")
        told = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if not hmac.compare_digest(told.rstrip(b"=").decode(), code.challenge):
            raise GrantRefusedError(400, "invalid_grant", "PKCE verification failed: Code mismatch")
        return self._signed_in(code.person, client, code.scope, code.nonce)

    def _for_password(self, form: Form, client: Client) -> dict[str, Any]:
        """The password of each person is their key."""
        person = self._people.get(form.get("username", ""))
        if person is None or form.get("password") != person.key:
            raise GrantRefusedError(401, "invalid_grant", "Invalid user credentials")
        return self._signed_in(person, client, form.get("scope", ""), None)

    def _signed_in(self, person: Person, client: Client, scope: str, nonce: str | None) -> dict[str, Any]:
        granted = " ".join(dict.fromkeys([*scope.split(), "email", "profile"]))
        claims = access_claims(person, client, issuer=self._address(), clock=self._clock, scope=granted)
        token = self._ring.signed(claims)
        answer = _answer(token, claims)
        if "openid" in granted.split():
            answer["id_token"] = self._ring.signed(id_claims(claims, token, client, nonce))
        return answer

    def _exchanged(self, form: Form, client: Client) -> dict[str, Any]:
        """RFC 8693, as Keycloak's standard token exchange answers."""
        if not client.exchanges:
            raise GrantRefusedError(
                400, "invalid_request", "Standard token exchange is not enabled for the requested client"
            )
        if form.get("subject_token_type") != ACCESS_TOKEN:
            raise GrantRefusedError(400, "invalid_request", "Parameter 'subject_token_type' required")
        claims = self._ring.verified(form.get("subject_token", ""))
        if claims is None or claims.get("exp", 0) <= self._clock().timestamp():
            raise GrantRefusedError(400, "invalid_request", "Invalid token")
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if client.id not in audiences:
            raise GrantRefusedError(403, "access_denied", "Client is not within the token audience")
        wanted = form.get("audience")
        if wanted is not None and wanted not in client.adds_audiences:
            raise GrantRefusedError(400, "invalid_request", f"Requested audience not available: {wanted}")
        person = next(each for each in self._people.values() if subject(each) == claims["sub"])
        given = access_claims(person, client, issuer=self._address(), clock=self._clock, scope="email profile")
        if wanted is not None:
            given["aud"] = wanted
        return {**_answer(self._ring.signed(given), given), "issued_token_type": ACCESS_TOKEN}


def _answer(token: str, claims: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "access_token": token,
        "expires_in": LIFETIME_S,
        "refresh_expires_in": 0,
        "token_type": "Bearer",
        "not-before-policy": 0,
        "scope": claims["scope"],
    }
