"""The instructions of a process instance's modification."""

from collections.abc import Mapping
from typing import Any

from sandbox.camunda.call import members
from sandbox.camunda.instance_commands import Activation, Termination
from sandbox.camunda.problems import bad_request, invalid_argument


def activations(wanted: Mapping[str, Any]) -> list[Activation]:
    allowed = {"elementId": str, "variableInstructions": list, "ancestorElementInstanceKey": str}
    return [
        _activation(members(each, allowed, "activateInstructions."), "elementId")
        for each in wanted.get("activateInstructions", [])
    ]


def terminations(wanted: Mapping[str, Any], *, by_id: bool) -> list[Termination]:
    """Read what is to be terminated, with what is to be moved; ids of elements are understood from 8.9 on."""
    allowed = {"elementInstanceKey": str} | ({"elementId": str} if by_id else {})
    found: list[Termination] = []
    for each in wanted.get("terminateInstructions", []):
        given = members(each, allowed, "terminateInstructions.")
        found.append(_termination(given.get("elementInstanceKey"), given.get("elementId"), None))
    return [*found, *map(_move, wanted.get("moveInstructions", []))]


def _move(instruction: Any) -> Termination:
    allowed = {
        "sourceElementInstruction": dict,
        "targetElementId": str,
        "ancestorScopeInstruction": dict,
        "variableInstructions": list,
    }
    given = members(instruction, allowed, "moveInstructions.")
    kinds = {"sourceType": str, "sourceElementId": str, "sourceElementInstanceKey": str}
    source = members(given.get("sourceElementInstruction", {}), kinds, "moveInstructions.sourceElementInstruction.")
    target = _activation(given, "targetElementId")
    return _termination(source.get("sourceElementInstanceKey"), source.get("sourceElementId"), target)


def _termination(key: str | None, element_id: str | None, replacement: Activation | None) -> Termination:
    if key is None and element_id is None:
        raise invalid_argument("No elementInstanceKey provided.")
    return Termination(key, element_id, replacement)


def _activation(given: Mapping[str, Any], member: str) -> Activation:
    if member not in given:
        raise invalid_argument(f"No {member} provided.")
    element_id = given[member]
    variables: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for each in given.get("variableInstructions", []):
        instruction = members(each, {"variables": dict, "scopeId": str}, "variableInstructions.")
        if "variables" not in instruction:
            raise bad_request("Request property [variableInstructions.variables] cannot be parsed")
        (own if instruction.get("scopeId") == element_id else variables).update(instruction["variables"])
    return Activation(element_id, variables, own)
