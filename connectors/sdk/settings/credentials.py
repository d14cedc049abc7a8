"""The kinds of credentials that `[sources.credentials]` may hold. A vendor with a login of its own adds its kind."""

from typing import Literal

from pydantic import SecretStr

from connectors.sdk.settings.address import Endpoint
from connectors.sdk.settings.section import Section


class NoCredentials(Section):
    kind: Literal["none"] = "none"


class BasicCredentials(Section):
    kind: Literal["basic"]
    username: str
    password: SecretStr


class BearerCredentials(Section):
    kind: Literal["bearer"]
    token: SecretStr


class HeaderCredentials(Section):
    """Fixed headers, such as X-API-Key."""

    kind: Literal["headers"]
    headers: dict[str, SecretStr]


class OAuthCredentials(Section):
    """OAuth 2.0 client credentials, sent in the form body. `token_url` must be an origin that you trust."""

    kind: Literal["oauth"]
    token_url: Endpoint
    client_id: str
    client_secret: SecretStr
    audience: str | None = None
    scope: str | None = None
