"""The table of verbs is complete, and there is no other table of verbs."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

import gateway
from connectors.sdk import commands
from connectors.sdk.commands import CancelStrategy, Command, TaskAction, UpdateField
from connectors.sdk.errors import UnsupportedActionError
from gateway.federation.authorization.table import TASK_ACTIONS
from gateway.federation.cache import Kind, Tag
from gateway.federation.writes.proof import RULES
from gateway.federation.writes.verbs import VERBS, Verb, action_of, touched, verb_for
from schema.ports import CancelIntent, ClaimIntent, Intent, UpdateIntent
from tests.gateway.federation.memory_source import MemoryConnector, task
from tests.gateway.federation.rich_source import RichConnector, flow
from tests.gateway.federation.write_requests import DUE

OTHER_TABLES = {"federation/authorization/table.py", "federation/writes/proof.py"}
"""Who may use a verb, and in which state; what proves that it was applied. Both have every verb."""

NAMES = {cls.__name__ for verb in VERBS for cls in (verb.intent, verb.command)}


def concrete(root: type[Any]) -> Iterator[type[Any]]:
    """The classes below `root` that are verbs: those with an action. Sources in tests define none."""
    for cls in root.__subclasses__():
        if hasattr(cls, "action"):
            yield cls
        yield from concrete(cls)


def command(verb: Verb) -> Command:
    """A command with its required members only."""
    known: dict[str, Any] = {
        "task": task("camunda", "7", flow_id="f1"),
        "flow": flow("camunda", "f1"),
        "data": {},
        "text": "Well",
        "title": "Call",
        "definition_key": "invoice",
    }
    needed = {field.name: known[field.name] for field in structs.fields(verb.command) if field.required}
    if verb.command is commands.Assign:
        needed["user_id"] = "bob"  # exactly one of user and group: no single field is required
    return verb.command(**needed)


def test_every_action_intent_and_command_has_a_row() -> None:
    """Every command has exactly one."""
    assert set(TaskAction) == {action for verb in VERBS for action in verb.actions}
    assert set(concrete(Intent)) == {verb.intent for verb in VERBS}
    assert sorted(cls.__name__ for cls in concrete(Command)) == sorted(verb.command.__name__ for verb in VERBS)


def test_intents_and_commands_agree() -> None:
    """They have the same action. Only cancelling has several commands, one for each strategy."""
    assert [] == [
        verb for verb in VERBS if verb.intent is not CancelIntent and verb.intent.action is not verb.command.action
    ]
    cancels = [verb.command for verb in VERBS if verb.intent is CancelIntent]
    assert list(CancelStrategy) == [cancel.strategy for cancel in cancels if issubclass(cancel, commands.Cancel)]
    assert len({verb.intent for verb in VERBS}) == len(VERBS) - len(cancels) + 1


def test_a_verb_of_a_task_is_in_the_authorization_table() -> None:
    """Otherwise it would be refused in every state."""
    assert [] == [
        verb for verb in VERBS if issubclass(verb.command, commands.TaskCommand) and not verb.actions <= TASK_ACTIONS
    ]


def test_a_verb_of_a_flow_has_its_states() -> None:
    """Other verbs have no states of a flow."""
    assert {verb for verb in VERBS if issubclass(verb.command, commands.FlowCommand)} == {
        verb for verb in VERBS if verb.flow_states
    }


def test_every_command_has_a_rule_of_proof() -> None:
    """One without would be UNKNOWN for ever."""
    assert {verb.command for verb in VERBS} == set(RULES)


@pytest.mark.slow
def test_there_is_no_other_table_by_verb() -> None:
    """A collection of three or more verbs, or a `match` over five or more, would have to be updated with the table."""
    root = Path(gateway.__file__).parent
    tables = {
        str(path.relative_to(root)): sizes
        for path in root.rglob("*.py")
        if (sizes := [size for size, most in sizes_by_verb(ast.parse(path.read_text())) if size >= most])
    }

    assert {"federation/writes/verbs.py", *OTHER_TABLES} == set(tables)


def sizes_by_verb(tree: ast.Module) -> Iterator[tuple[int, int]]:
    for node in ast.walk(tree):
        match node:
            case ast.Dict(keys=entries):
                yield sum(is_verb(entry) for entry in entries), 3
            case ast.Set(elts=entries) | ast.List(elts=entries) | ast.Tuple(elts=entries):
                # A row of the table is a call with its verb as an argument.
                rows = [entry.args if isinstance(entry, ast.Call) else [entry] for entry in entries]
                yield sum(any(map(is_verb, row)) for row in rows), 3
            case ast.Match(cases=cases):
                patterns = [part for case in cases for part in ast.walk(case.pattern)]
                yield sum(isinstance(part, ast.MatchClass) and is_verb(part.cls) for part in patterns), 5
            case _:
                pass


def is_verb(node: ast.AST | None) -> bool:
    match node:
        case ast.Name(id=name):
            return name in NAMES
        case ast.Attribute(value=ast.Name(id="TaskAction")):
            return True
        case ast.Attribute(attr=name):
            return name in NAMES
        case _:
            return False


def test_a_cancel_uses_the_first_strategy_that_is_allowed_and_supported() -> None:
    """In the order of CancelStrategy, for any order in the request."""
    north = RichConnector("north")
    allowed = CancelIntent(allow=(CancelStrategy.CANCEL_FLOW, CancelStrategy.DELETE_TASK, CancelStrategy.SKIP))

    assert commands.Skip is verb_for(north, allowed).command
    with pytest.raises(UnsupportedActionError, match="allow NATIVE or SKIP or CANCEL_FLOW") as caught:
        verb_for(north, CancelIntent(allow=(CancelStrategy.DELETE_TASK,)))
    assert ("NATIVE", "SKIP", "CANCEL_FLOW") == caught.value.alternatives


def test_a_verb_that_the_source_does_not_have_is_unsupported() -> None:
    """The error has the verb's name in the graph."""
    with pytest.raises(UnsupportedActionError, match="does not support UPDATE"):
        verb_for(MemoryConnector("north"), UpdateIntent(due_at=DUE))


def test_an_update_counts_as_the_first_of_its_actions() -> None:
    """In the journal, which records one action for each write."""
    both = UpdateIntent(title="New", clear=frozenset({UpdateField.CANDIDATE_GROUPS}))

    assert [TaskAction.UPDATE_CANDIDATES, TaskAction.UPDATE_DETAILS, TaskAction.CLAIM] == [
        action_of(both),
        action_of(UpdateIntent()),
        action_of(ClaimIntent()),
    ]


def test_a_claim_touches_its_task_its_flow_and_every_list() -> None:
    """It does not touch other tasks of the source."""
    claim = commands.Claim(task=task("camunda", "7", flow_id="f1"))

    assert {
        Tag("camunda", Kind.TASK, "7"),
        Tag("camunda", Kind.FLOW, "f1"),
        Tag("camunda", Kind.TASK_LIST),
    } == set(touched("camunda", claim))


def test_a_completion_touches_all_tasks_and_flows() -> None:
    """The flow continues: it creates tasks, and may end other tasks and itself. It does not touch people."""
    complete = commands.Complete(task=task("camunda", "7", flow_id="f1"))

    assert {Tag("camunda", kind) for kind in (Kind.TASK, Kind.TASK_LIST, Kind.FLOW, Kind.FLOW_LIST)} == set(
        touched("camunda", complete)
    )


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.command.__name__)
def test_every_write_touches_every_list_of_tasks(verb: Verb) -> None:
    """For each verb."""
    assert Tag("camunda", Kind.TASK_LIST) in touched("camunda", command(verb))
