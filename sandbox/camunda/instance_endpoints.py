"""Processes and their instances over HTTP."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from sandbox.camunda import bpmn, searchables
from sandbox.camunda.authorizations import (
    may_change_instance,
    may_command,
    may_read_process,
    readable_definitions,
    readable_instances,
)
from sandbox.camunda.call import Call, Endpoint, no_content
from sandbox.camunda.instance_commands import Creation
from sandbox.camunda.keys import is_key
from sandbox.camunda.modification import activations, terminations
from sandbox.camunda.problems import ProblemError, bad_request, invalid_argument, invalid_key, not_found, rejected
from sandbox.camunda.processes import DEPLOYED
from sandbox.camunda.records import TENANT, ProcessDefinition
from sandbox.camunda.searching import search
from sandbox.camunda.table import bits

_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_\-:.]{0,99}")
_MOST_TAGS = 10
_CREATION: Mapping[str, type] = {
    "processDefinitionId": str, "processDefinitionKey": str, "processDefinitionVersion": int, "variables": dict, "tenantId": str,
    "startInstructions": list, "runtimeInstructions": list, "awaitCompletion": bool, "fetchVariables": list,
    "requestTimeout": int, "tags": list,
}  # fmt: skip


def _search(call: Call) -> Response:
    table = call.store.instances
    return call.answer(search(table, call.searchables.instances, call.body, among=readable_instances(call)))


def _get(call: Call) -> Response:
    key = call.key("processInstanceKey")
    instance = call.store.instances.get(key)
    if instance is None:
        raise not_found(f"Process Instance with key '{key}' not found")
    may_read_process(call, instance.process_definition_id, "READ_PROCESS_INSTANCE")
    return call.answer(instance)


def _create(call: Call) -> Response:
    creation = _creation(call)
    process_id = creation.id or next(
        (each.process_definition_id for each in DEPLOYED if each.process_definition_key == creation.key), None
    )
    if process_id is not None:
        may_command(call, "CREATE", "CREATE_PROCESS_INSTANCE", process_id)
    instance = call.engine.instances.create(creation, call.caller)
    answer = {
        "processDefinitionId": instance.process_definition_id,
        "processDefinitionVersion": instance.process_definition_version,
        "processDefinitionKey": instance.process_definition_key,
        "processInstanceKey": instance.process_instance_key,
        "tenantId": instance.tenant_id,
        "variables": {},
        "tags": instance.tags,
    }
    if call.release.has_business_ids_of_instances:
        answer["businessId"] = instance.business_id
    return call.answer(answer)


def _creation(call: Call) -> Creation:
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


def _cancel(call: Call) -> Response:
    key = call.key("processInstanceKey")
    call.operation_reference({})
    may_change_instance(call, call.store.instances.get(call.routed(key)), "CANCEL", "CANCEL_PROCESS_INSTANCE")
    call.engine.instances.cancel(key, call.caller)
    return no_content()


def _modify(call: Call) -> Response:
    key = call.key("processInstanceKey")
    moves: Mapping[str, type] = {} if call.release.sparse else {"moveInstructions": list}
    wanted = call.operation_reference({"activateInstructions": list, "terminateInstructions": list, **moves})
    activating, terminating = activations(wanted), terminations(wanted, by_id=not call.release.sparse)
    may_change_instance(call, call.store.instances.get(call.routed(key)), "MODIFY", "MODIFY_PROCESS_INSTANCE")
    call.engine.instances.modify(key, activating, terminating, call.caller)
    return no_content()


def _suspend(call: Call) -> Response:
    key = call.key("processInstanceKey")
    call.operation_reference({})
    may_change_instance(call, call.store.instances.get(call.routed(key)), "SUSPEND", "SUSPEND_PROCESS_INSTANCE")
    call.engine.instances.suspend(key, call.caller)
    return no_content()


def _resume(call: Call) -> Response:
    key = call.key("processInstanceKey")
    call.operation_reference({})
    may_change_instance(call, call.store.instances.get(call.routed(key)), "RESUME", "SUSPEND_PROCESS_INSTANCE")
    call.engine.instances.resume(key, call.caller)
    return no_content()


def _search_definitions(call: Call) -> Response:
    table, body, among = call.store.definitions, call.body, readable_definitions(call)
    filter_ = body.get("filter") if isinstance(body, dict) else None
    if not isinstance(filter_, dict):
        return call.answer(search(table, searchables.DEFINITIONS, body, among=among))
    latest = filter_.get("isLatestVersion")
    if latest not in (None, False, True):
        raise bad_request("Request property [filter.isLatestVersion] cannot be parsed")
    body = {**body, "filter": {name: each for name, each in filter_.items() if name != "isLatestVersion"}}
    if not latest:
        return call.answer(search(table, searchables.DEFINITIONS, body, among=among))
    newest: dict[str, int] = {}
    for ordinal, row in enumerate(table.rows):
        kept = newest.get(row.process_definition_id)
        if kept is None or table.rows[kept].version < row.version:
            newest[row.process_definition_id] = ordinal
    only = bits(newest.values(), len(table.rows))
    if among is not None:
        only &= among
    return call.answer(search(table, searchables.LATEST_DEFINITIONS, body, among=only, forward_only=True))


def _get_definition(call: Call) -> Response:
    return call.answer(_definition(call))


def _get_xml(call: Call) -> Response:
    if not call.accepts("text/xml"):
        raise ProblemError(406, "Not Acceptable", "Acceptable representations: [text/xml, application/problem+json].")
    document = bpmn.document_of(_definition(call))
    return no_content() if document is None else Response(document, media_type="text/xml")


def _definition(call: Call) -> ProcessDefinition:
    key = call.key("processDefinitionKey")
    definition = call.store.definitions.get(key)
    if definition is None:
        raise not_found(f"Process Definition with key '{key}' not found")
    may_read_process(call, definition.process_definition_id, "READ_PROCESS_DEFINITION")
    return definition


ENDPOINTS: tuple[Endpoint, ...] = (
    ("POST", "/process-instances", _create),
    ("POST", "/process-instances/search", _search),
    ("GET", "/process-instances/{processInstanceKey}", _get),
    ("POST", "/process-instances/{processInstanceKey}/cancellation", _cancel),
    ("POST", "/process-instances/{processInstanceKey}/modification", _modify),
    ("POST", "/process-definitions/search", _search_definitions),
    ("GET", "/process-definitions/{processDefinitionKey}", _get_definition),
    ("GET", "/process-definitions/{processDefinitionKey}/xml", _get_xml),
)
SUSPENSION: tuple[Endpoint, ...] = (
    ("POST", "/process-instances/{processInstanceKey}/suspension", _suspend),
    ("POST", "/process-instances/{processInstanceKey}/resumption", _resume),
)
