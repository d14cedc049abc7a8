"""The body of the creation of a process instance."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.camunda.engine import Creation
from sandbox.camunda.errors import bad_request, invalid_argument, invalid_key, rejected
from sandbox.camunda.formats import is_key
from sandbox.camunda.records import TENANT
from sandbox.camunda.requests.call import Call

_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_\-:.]{0,99}")
_MOST_TAGS = 10
_CREATION: Mapping[str, type] = {
    "processDefinitionId": str, "processDefinitionKey": str, "processDefinitionVersion": int, "variables": dict, "tenantId": str,
    "startInstructions": list, "runtimeInstructions": list, "awaitCompletion": bool, "fetchVariables": list,
    "requestTimeout": int, "tags": list,
}  # fmt: skip


def creation(call: Call) -> Creation:
    if call.body is None:
        raise bad_request("Required request body is missing")
    later: Mapping[str, type] = {"businessId": str} if call.release.has_business_ids_of_instances else {}
    wanted = call.operation_reference({**_CREATION, **later})
    id, key = wanted.get("processDefinitionId"), wanted.get("processDefinitionKey")
    if id is None and key is None:
        raise invalid_argument("At least one of [processDefinitionId, processDefinitionKey] is required.")
    if id is not None and key is not None:
        raise invalid_argument("Only one of [processDefinitionId, processDefinitionKey] is allowed.")
    if id is not None and not id:
        reason = "Expected at least a bpmnProcessId or a key greater than -1, but none given"
        raise rejected(400, "CREATE", "INVALID_ARGUMENT", reason)
    if key is not None and not is_key(key):
        raise invalid_key("processDefinitionKey", key)
    if (tenant := wanted.get("tenantId", TENANT)) != TENANT:
        raise invalid_argument(
            f"Expected to handle request Create Process Instance with tenant identifier '{tenant}', but multi-tenancy is disabled"
        )
    business_id = wanted.get("businessId")
    if business_id is not None and not 1 <= len(business_id) <= 256:
        raise invalid_argument("The value for businessId must be between 1 and 256 characters long.")
    return Creation(
        id=id,
        key=key,
        version=wanted.get("processDefinitionVersion", -1),
        variables=wanted.get("variables", {}),
        tags=_tags(wanted.get("tags", [])),
        business_id=business_id,
        elements=_elements(wanted.get("startInstructions", []), "startInstructions", "elementId"),
        stops=frozenset(_elements(wanted.get("runtimeInstructions", []), "runtimeInstructions", "afterElementId")),
        awaited=wanted.get("awaitCompletion", False),
    )


def _tags(tags: list[Any]) -> tuple[str, ...]:
    for tag in tags:
        if not isinstance(tag, str) or not _TAG.fullmatch(tag):
            raise invalid_argument(
                f"The provided tag '{tag}' is not valid. Tags must start with a letter (a-z, A-Z), followed by alphanumerics, "
                "underscores, minuses, colons, or periods. It must not be blank and must be 100 characters or less."
            )
    distinct = tuple(dict.fromkeys(tags))
    if len(distinct) > _MOST_TAGS:
        raise invalid_argument(
            f"The provided number of tags '{len(distinct)}' is not supported. Ensure to not add more than {_MOST_TAGS} tags."
        )
    return distinct


def _elements(instructions: list[Any], path: str, member: str) -> tuple[str, ...]:
    found: list[str] = []
    for number, each in enumerate(instructions):
        element = each.get(member) if isinstance(each, dict) else None
        if not isinstance(element, str):
            raise bad_request(f"Request property [{path}[{number}].{member}] cannot be parsed")
        found.append(element)
    return tuple(found)
