"""`[[people]]`: the people whom the configuration knows, with their identities in the sources."""

from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from connectors.sdk.caller import Caller, Identity
from connectors.sdk.settings import Section

PersonKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,79}$")]


class IdentitySettings(Section):
    """A person in one source. Without `groups`, the person's own groups hold in that source too."""

    id: str = Field(min_length=1)
    username: str | None = None
    email: str | None = None
    groups: tuple[str, ...] | None = None


class PersonSettings(Section):
    """`identities` by source key. `subject`: the token that means this person, as "<issuer>|<sub>"."""

    key: PersonKey
    name: str = Field(min_length=1)
    subject: str | None = Field(default=None, pattern=r"^[^|]+\|.+$")
    email: str | None = None
    groups: tuple[str, ...] = ()
    roles: frozenset[Literal["task_admin"]] = frozenset()
    identities: dict[str, IdentitySettings] = Field(default_factory=dict)

    def caller(self) -> Caller:
        return Caller(
            key=self.key,
            name=self.name,
            email=self.email,
            groups=self.groups,
            roles=frozenset(self.roles),
            identities=MappingProxyType(
                {
                    source: Identity(
                        native_id=identity.id,
                        username=identity.username,
                        email=identity.email,
                        groups=self.groups if identity.groups is None else identity.groups,
                    )
                    for source, identity in self.identities.items()
                }
            ),
        )
