"""Who may do what where people sign in themselves: their groups' processes, and nothing of the directory.

The admin, clients and nobody (where the API is unprotected) may do everything.
"""

from sandbox.camunda.call import Call
from sandbox.camunda.problems import ProblemError, rejected
from sandbox.camunda.processes import BY_ID, Step
from sandbox.camunda.records import ProcessInstance, UserTask


def _granted(call: Call) -> list[str]:
    """Give the ids of the processes in which one of the caller's groups has a task."""
    return [
        process.id
        for process in BY_ID.values()
        if any(isinstance(each, Step) and set(each.groups) & set(call.groups) for _, each in process.elements())
    ]


def readable_tasks(call: Call) -> int | None:
    """Searches leave out silently what may not be read; None for no restriction."""
    return None if call.caller.is_admin else call.store.tasks.having("processDefinitionId", _granted(call))


def readable_instances(call: Call) -> int | None:
    return None if call.caller.is_admin else call.store.instances.having("processDefinitionId", _granted(call))


def readable_definitions(call: Call) -> int | None:
    return None if call.caller.is_admin else call.store.definitions.having("processDefinitionId", _granted(call))


def readable_directory(call: Call) -> int | None:
    return None if call.caller.is_admin else 0


def _may(call: Call, process_id: str) -> bool:
    return call.caller.is_admin or process_id in _granted(call)


def may_read_task(call: Call, task: UserTask) -> None:
    if not _may(call, task.process_definition_id):
        raise _forbidden(
            "Unauthorized to perform any of the operations: 'READ_USER_TASK' on 'PROCESS_DEFINITION' or 'READ' on 'USER_TASK'"
        )


def may_change_task(call: Call, key: str, command: str, permission: str) -> None:
    """A key that nobody knows is left to the engine to refuse."""
    task = call.store.tasks.get(key)
    if task is not None:
        may_command(call, command, permission, task.process_definition_id)


def may_read_process(call: Call, process_id: str, permission: str) -> None:
    if not _may(call, process_id):
        raise _forbidden(f"Unauthorized to perform operation '{permission}' on resource 'PROCESS_DEFINITION'")


def may_change_instance(call: Call, instance: ProcessInstance | None, command: str, permission: str) -> None:
    if instance is not None:
        may_command(call, command, permission, instance.process_definition_id)


def may_command(call: Call, command: str, permission: str, process_id: str) -> None:
    if not _may(call, process_id):
        reason = (
            f"Insufficient permissions to perform operation '{permission}' on resource 'PROCESS_DEFINITION', "
            f"required resource identifiers are one of '[*, {process_id}]'"
        )
        raise rejected(403, command, "FORBIDDEN", reason)


def may_read_directory(call: Call, resource: str) -> None:
    if not call.caller.is_admin:
        raise _forbidden(f"Unauthorized to perform operation 'READ' on resource '{resource}'")


def _forbidden(detail: str) -> ProblemError:
    return ProblemError(403, "FORBIDDEN", detail)
