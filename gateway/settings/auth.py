"""`[auth]`: how callers sign in."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from connectors.sdk.settings import Section


def _lower(value: str) -> str:
    return value.lower()


Digest = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$"), AfterValidator(_lower)]


class DemoAuth(Section):
    """For development only: the bearer token is a person's key. A request without a token is `default_person`."""

    mode: Literal["demo"]
    default_person: str = "alice"


class ApiKey(Section):
    """`sha256` is the hexadecimal digest of the bearer token. The token itself is never stored."""

    person: str
    sha256: Digest


class ApiKeysAuth(Section):
    mode: Literal["api_keys"]
    keys: tuple[ApiKey, ...] = Field(min_length=1)


Auth = Annotated[DemoAuth | ApiKeysAuth, Field(discriminator="mode")]
