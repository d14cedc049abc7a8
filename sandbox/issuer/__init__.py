"""A small identity provider (OpenID Connect) for the demo's people, with the traps of a real Keycloak.

provider   `SmallIssuer`: the application
keys       the keys that sign, and their rotation
tokens     the claims of access and ID tokens
clients    the clients that are registered
grants     the token endpoint: codes with PKCE, passwords, client credentials, token exchange (RFC 8693)

The traps: a key for encryption among the keys, `aud` as text or list, `groups` absent without any, other groups after an
exchange,
and 403 for an exchange of a token that is not for the client.
"""

from sandbox.issuer.clients import CLIENTS, GATEWAY, GATEWAY_SECRET, PAGE, VENDOR, Client
from sandbox.issuer.keys import KeyRing
from sandbox.issuer.provider import AUTH, CERTS, DISCOVERY, REALM, TOKEN, SmallIssuer
from sandbox.issuer.tokens import TASK_ADMIN, subject

__all__ = [
    "AUTH",
    "CERTS",
    "CLIENTS",
    "DISCOVERY",
    "GATEWAY",
    "GATEWAY_SECRET",
    "PAGE",
    "REALM",
    "TASK_ADMIN",
    "TOKEN",
    "VENDOR",
    "Client",
    "KeyRing",
    "SmallIssuer",
    "subject",
]
