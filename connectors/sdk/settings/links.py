"""`[sources.people]`: how people are linked to the accounts of a source, and which groups they have there."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from connectors.sdk.settings.section import Section

ClaimPath = Annotated[str, Field(min_length=1, max_length=200)]


class LinkSettings(Section):
    """The rules are tried in this order, after the identities of `[[people]]`: the first that finds an account wins.

    `id_claim`: the claim of the token that holds the native id. `username_claim`: the one that holds the user name.
    `match`: the one account in use that has the person's proved mail address.
    A claim is named by its path; dots lead into members.
    `groups`: "own" takes the person's own groups, "directory" what the source's directory says. `groups_claim`: the claim that
    holds the groups instead; `group_names` translates its values, and those that it does not list are left out.
    `issuers`: the identity providers whose claims and groups mean something in this source, and whose tokens it may get;
    without any, all do.
    """

    id_claim: ClaimPath | None = None
    username_claim: ClaimPath | None = None
    match: Literal["email"] | None = None
    groups: Literal["own", "directory"] = "own"
    groups_claim: ClaimPath | None = None
    group_names: dict[str, str] = Field(default_factory=dict)
    issuers: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _says_groups_once(self) -> "LinkSettings":
        if self.groups_claim is not None and self.groups == "directory":
            raise ValueError('groups come from groups_claim or from groups = "directory", not from both')
        if self.group_names and self.groups_claim is None:
            raise ValueError("group_names translates the values of groups_claim, which is missing")
        if not self.has_rule and (self.groups_claim is not None or self.groups == "directory"):
            raise ValueError("groups are of people whom a rule links: id_claim, username_claim or match is missing")
        return self

    @property
    def has_rule(self) -> bool:
        """Whether a person without an entry in `[[people]]` can be linked."""
        return self.id_claim is not None or self.username_claim is not None or self.match is not None

    @property
    def needs_token(self) -> bool:
        """Whether a rule reads the claims of a token."""
        return self.id_claim is not None or self.username_claim is not None or self.groups_claim is not None

    @property
    def takes_names(self) -> bool:
        """Whether ids, user names or groups of tokens are taken as those of the source."""
        return self.needs_token or (self.has_rule and self.groups == "own")

    def believes(self, issuer: str | None) -> bool:
        """Whether that issuer's tokens mean something in the source. None: the issuer is not known."""
        return not self.issuers or issuer in self.issuers

    def described(self) -> str:
        """The ways to be linked to an account, for the person who is not."""
        ways = ["an identity for this source in your entry in people"]
        if self.id_claim is not None:
            ways.append(f"a claim {self.id_claim!r} with your user id there")
        if self.username_claim is not None:
            ways.append(f"a claim {self.username_claim!r} with your user name there")
        if self.match == "email":
            ways.append("exactly one account in use there with your proved mail address")
        return ways[0] if len(ways) == 1 else f"{', '.join(ways[:-1])} or {ways[-1]}"
