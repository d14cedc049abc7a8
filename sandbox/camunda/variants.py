"""What differs between clusters: the server's release and how callers sign in. A reset's scenario chooses them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast, get_args

import msgspec

from sandbox.camunda.records import ProcessInstance, UserTask, Variable


@dataclass(frozen=True, slots=True)
class Release:
    """A minor version of the server. A `sparse` one leaves out null members; with `guard_claims` users claim only for themselves."""

    name: str
    version: str
    sparse: bool = False
    has_audit_logs: bool = True
    has_effective_variables: bool = True
    has_business_ids_of_instances: bool = True
    has_business_ids_of_tasks: bool = False
    has_suspension: bool = False
    names_brokers: bool = False
    guard_claims: bool = False

    def encoded(self, content: Any) -> bytes:
        return msgspec.json.encode(_sparse(content) if self.sparse else content)


RELEASES = {
    each.name: each
    for each in (
        Release(
            "8.8",
            "8.8.4",
            sparse=True,
            has_audit_logs=False,
            has_effective_variables=False,
            has_business_ids_of_instances=False,
        ),
        Release("8.9", "8.9.2"),
        Release("8.9.17", "8.9.17", guard_claims=True),
        Release("8.10", "8.10.0-alpha3", has_business_ids_of_tasks=True, has_suspension=True, names_brokers=True),
    )
}

_UNKNOWN_TO_8_8: Mapping[type, frozenset[str]] = {
    UserTask: frozenset({"tags", "rootProcessInstanceKey"}),
    ProcessInstance: frozenset({"rootProcessInstanceKey", "businessId"}),
    Variable: frozenset({"rootProcessInstanceKey"}),
}


def _sparse(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _sparse(value) for name, value in content.items() if value is not None}
    if isinstance(content, list | tuple):
        return [_sparse(each) for each in content]
    if isinstance(content, msgspec.Struct):
        unknown = _UNKNOWN_TO_8_8.get(type(content), frozenset())
        members: dict[str, Any] = msgspec.to_builtins(content)
        return {name: value for name, value in members.items() if value is not None and name not in unknown}
    return content


SignInMethod = Literal["basic", "oidc", "none"]
"""How callers authenticate. "none" is an unprotected API."""

METHODS: tuple[str, ...] = get_args(SignInMethod)
OPERATIONS = "operations"
AUTHORIZATIONS = "authorizations"
_WORDS = (OPERATIONS, AUTHORIZATIONS, *RELEASES, *METHODS)


@dataclass(frozen=True, slots=True)
class Scenario:
    """The chosen variant. `operations`: the data of that scenario. `authorizations`: people sign in as themselves."""

    release: Release
    method: SignInMethod
    operations: bool = False
    authorizations: bool = False

    def with_words(self, text: str | None) -> "Scenario":
        """Apply words joined by `+`, such as "operations+8.10+oidc". Parts that no word names do not change."""
        chosen = self
        for word in text.split("+") if text else ():
            if word == OPERATIONS:
                chosen = replace(chosen, operations=True)
            elif word == AUTHORIZATIONS:
                chosen = replace(chosen, authorizations=True)
            elif word in RELEASES:
                chosen = replace(chosen, release=RELEASES[word])
            elif word in METHODS:
                chosen = replace(chosen, method=cast("SignInMethod", word))
            else:
                raise ValueError(f"no scenario {word!r}: there are {', '.join(map(repr, _WORDS))}")
        return chosen
