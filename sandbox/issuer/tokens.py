"""What stands in the issuer's tokens: the claims as Keycloak writes them."""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sandbox.issuer.clients import Client
from sandbox.people import Person
from sandbox.stand_in import Clock

LIFETIME_S = 300
ACCOUNT = "account"
TASK_ADMIN = "task-admin"


def subject(person: Person) -> str:
    """The person's id at the issuer: a UUID that stays."""
    return str(uuid5(NAMESPACE_URL, f"sandbox-issuer/{person.key}"))


def access_claims(
    person: Person,
    client: Client,
    *,
    issuer: str,
    clock: Clock,
    lifetime_s: float = LIFETIME_S,
    scope: str = "openid email profile",
) -> dict[str, Any]:
    """The claims of an access token. As at Keycloak, `aud` is a text if there is one, and `groups` is absent without any."""
    now = int(clock().timestamp())
    audiences = [*client.adds_audiences, ACCOUNT]
    given, _, family = person.name.partition(" ")
    return {
        "exp": int(now + lifetime_s),
        "iat": now,
        "jti": f"onrtro:{secrets.token_hex(16)}",
        "iss": issuer,
        "aud": audiences if len(audiences) > 1 else audiences[0],
        "sub": subject(person),
        "typ": "Bearer",
        "azp": client.id,
        "sid": secrets.token_urlsafe(18),
        "acr": "1",
        "realm_access": {"roles": [*_roles(person), "offline_access", "uma_authorization", "default-roles-demo"]},
        "resource_access": {ACCOUNT: {"roles": ["manage-account", "view-profile"]}},
        "scope": scope,
        "email_verified": True,
        "name": person.name,
        **({"groups": list(person.groups)} if client.adds_groups and person.groups else {}),
        **(dict(person.attributes) if client.adds_attributes else {}),
        "preferred_username": person.key,
        "given_name": given,
        "family_name": family,
        "email": person.email,
    }


def account_claims(client: Client, *, issuer: str, clock: Clock) -> dict[str, Any]:
    """The claims of a client's own token."""
    now = int(clock().timestamp())
    audiences = [*client.adds_audiences, ACCOUNT]
    return {
        "exp": now + LIFETIME_S,
        "iat": now,
        "jti": f"trrtcc:{secrets.token_hex(16)}",
        "iss": issuer,
        "aud": audiences if len(audiences) > 1 else audiences[0],
        "sub": str(uuid5(NAMESPACE_URL, f"sandbox-issuer/account/{client.id}")),
        "typ": "Bearer",
        "azp": client.id,
        "acr": "1",
        "scope": "email profile",
        "email_verified": False,
        "preferred_username": f"service-account-{client.id}",
        "client_id": client.id,
    }


def id_claims(access: dict[str, Any], access_token: str, client: Client, nonce: str | None) -> dict[str, Any]:
    """The claims of the ID token beside an access token. It is for the client, and not for the gateway."""
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    left_out = {"realm_access", "resource_access", "scope", "allowed-origins"}
    return {
        **{name: value for name, value in access.items() if name not in left_out},
        "aud": client.id,
        "typ": "ID",
        "at_hash": urlsafe_b64encode(half).rstrip(b"=").decode(),
        **({} if nonce is None else {"nonce": nonce}),
    }


def _roles(person: Person) -> list[str]:
    return [TASK_ADMIN] if "task_admin" in person.roles else []
