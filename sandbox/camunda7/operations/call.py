"""What an operation gets, and what it answers with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.camunda7.directory import Account
from sandbox.camunda7.engine import Engine
from sandbox.camunda7.records import Task
from sandbox.camunda7.store import Store
from sandbox.stand_in import EffectLog

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `account` is None where the engine asks for no credentials."""

    engine: Engine
    effects: EffectLog
    account: Account | None
    base: str
    form_ref: str
    query: Json
    body: Json
    request_id: str | None = None

    @property
    def store(self) -> Store:
        return self.engine.store

    @property
    def user(self) -> str | None:
        return None if self.account is None else self.account.id

    @property
    def is_restricted(self) -> bool:
        return self.account is not None and not self.account.is_admin

    def may_see(self, task: Task) -> bool:
        """Whether the engine shows an open task to the account."""
        account = self.account
        if account is None or account.is_admin:
            return True
        return account.id in {task.assignee, *task.users} or not set(account.groups).isdisjoint(task.groups)

    def effect(self, action: str, id: str) -> None:
        self.effects.record(action, id, self.user, self.request_id)


@dataclass(frozen=True, slots=True)
class Plain:
    """An answer that is no JSON of the engine's: a Camunda form."""

    content: bytes


Result = Json | list[Json] | Plain | None
"""None is 204 without a body."""

Handler = Callable[..., Result]
"""Takes the call and the ids in the path."""
