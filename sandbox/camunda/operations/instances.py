"""Operations on process instances."""

from collections.abc import Mapping

from starlette.responses import Response

from sandbox.camunda.definitions import DEPLOYED
from sandbox.camunda.errors import not_found
from sandbox.camunda.requests import Call, activations, creation, no_content, terminations
from sandbox.camunda.search import search


def search_instances(call: Call) -> Response:
    table = call.store.instances
    return call.answer(search(table, call.searches.instances, call.body, among=call.permissions.readable(table)))


def get_instance(call: Call) -> Response:
    key = call.key("processInstanceKey")
    instance = call.store.instances.get(key)
    if instance is None:
        raise not_found(f"Process Instance with key '{key}' not found")
    call.permissions.check_process(instance.process_definition_id, "READ_PROCESS_INSTANCE")
    return call.answer(instance)


def create_instance(call: Call) -> Response:
    wanted = creation(call)
    process_id = wanted.id or next(
        (each.process_definition_id for each in DEPLOYED if each.process_definition_key == wanted.key), None
    )
    if process_id is not None:
        call.permissions.check_command_on_process("CREATE", "CREATE_PROCESS_INSTANCE", process_id)
    instance = call.engine.instances.create(wanted, call.caller)
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


def cancel_instance(call: Call) -> Response:
    key = call.key("processInstanceKey")
    call.operation_reference({})
    _check_command(call, key, "CANCEL", "CANCEL_PROCESS_INSTANCE")
    call.engine.instances.cancel(key, call.caller)
    return no_content()


def modify_instance(call: Call) -> Response:
    key = call.key("processInstanceKey")
    moves: Mapping[str, type] = {} if call.release.sparse else {"moveInstructions": list}
    wanted = call.operation_reference({"activateInstructions": list, "terminateInstructions": list, **moves})
    activating, terminating = activations(wanted), terminations(wanted, by_id=not call.release.sparse)
    _check_command(call, key, "MODIFY", "MODIFY_PROCESS_INSTANCE")
    call.engine.instances.modify(key, activating, terminating, call.caller)
    return no_content()


def suspend_instance(call: Call) -> Response:
    key = call.key("processInstanceKey")
    call.operation_reference({})
    _check_command(call, key, "SUSPEND", "SUSPEND_PROCESS_INSTANCE")
    call.engine.instances.suspend(key, call.caller)
    return no_content()


def resume_instance(call: Call) -> Response:
    key = call.key("processInstanceKey")
    call.operation_reference({})
    _check_command(call, key, "RESUME", "SUSPEND_PROCESS_INSTANCE")
    call.engine.instances.resume(key, call.caller)
    return no_content()


def _check_command(call: Call, key: str, command: str, permission: str) -> None:
    call.permissions.check_command(command, permission, call.store.instances.get(call.routed(key)))
