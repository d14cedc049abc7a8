"""The server's minor versions: what each knows, and how each writes what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from sandbox.camunda.records import ProcessInstance, UserTask, Variable


@dataclass(frozen=True, slots=True)
class Release:
    """`sparse` servers leave out members that are null. Those that `guard_claims` let a user claim for itself only."""

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
