"""What a reset may ask for by name: the data of the operations, a server's release, a way to sign in."""

from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from sandbox.camunda.release import RELEASES, Release

Method = Literal["basic", "oidc", "none"]
"""How callers prove who they are; "none" is an unprotected API."""

METHODS: tuple[str, ...] = get_args(Method)
OPERATIONS = "operations"
AUTHORIZATIONS = "authorizations"
_WORDS = (OPERATIONS, AUTHORIZATIONS, *RELEASES, *METHODS)


@dataclass(frozen=True, slots=True)
class Scenario:
    """With `authorizations`, people sign in themselves and see and do only what their groups may."""

    release: Release
    method: Method
    operations: bool = False
    authorizations: bool = False

    def with_words(self, text: str | None) -> "Scenario":
        """Read words joined by `+`, such as "operations+8.10+oidc"; a word not given leaves its part as it is."""
        chosen = self
        for word in text.split("+") if text else ():
            if word == OPERATIONS:
                chosen = replace(chosen, operations=True)
            elif word == AUTHORIZATIONS:
                chosen = replace(chosen, authorizations=True)
            elif word in RELEASES:
                chosen = replace(chosen, release=RELEASES[word])
            elif word in METHODS:
                chosen = replace(chosen, method=cast("Method", word))
            else:
                raise ValueError(f"no scenario {word!r}: there are {', '.join(map(repr, _WORDS))}")
        return chosen
