"""The instructions of the modification of a process instance."""

from collections.abc import Mapping
from typing import Any

from sandbox.camunda.engine import Activation, Termination
from sandbox.camunda.errors import bad_request, invalid_argument
from sandbox.camunda.requests.call import members


def activations(wanted: Mapping[str, Any]) -> list[Activation]:
    allowed = {"elementId": str, "variableInstructions": list, "ancestorElementInstanceKey": str}
    return [
        _activation(members(each, allowed, "activateInstructions."), "elementId")
        for each in wanted.get("activateInstructions", [])
    ]


def terminations(wanted: Mapping[str, Any], *, by_id: bool) -> list[Termination]:
    """Read terminations and moves. Element ids are allowed from 8.9 on (`by_id`)."""
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
