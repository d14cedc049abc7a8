"""One definition: its document, the form of its start event, its starts. By the id of a version, or by a key."""

from collections.abc import Callable

import msgspec

from sandbox.camunda7 import answers, errors
from sandbox.camunda7.definitions import BY_KEY, FORMS, Process
from sandbox.camunda7.engine import submitted, typed
from sandbox.camunda7.formats import document_of
from sandbox.camunda7.operations.call import Call, Handler, Plain, Result
from sandbox.camunda7.records import Typed

Answer = Callable[[Call, Process], Result]


def by_key(answer: Answer) -> Handler:
    def operation(call: Call, key: str) -> Result:
        process = BY_KEY.get(key)
        if process is None:
            raise errors.RefusalError(
                404, "RestException", f"No matching process definition with key: {key} and no tenant-id", None
            )
        return answer(call, process)

    return operation


def by_id(answer: Answer, refusal: Callable[[str], errors.RefusalError]) -> Handler:
    """`refusal` of an id that no version has."""

    def operation(call: Call, id: str) -> Result:
        process = call.store.process_of(id)
        if process is None:
            raise refusal(id)
        return answer(call, process)

    return operation


def no_document(id: str) -> errors.RefusalError:
    return errors.RefusalError(404, "InvalidRequestException", f"No matching definition with id {id}")


def no_form(id: str) -> errors.RefusalError:
    return errors.RefusalError(
        400, "InvalidRequestException", f"Cannot get start form data for process definition {id}"
    )


def no_deployed_form(id: str) -> errors.RefusalError:
    return errors.RefusalError(404, "InvalidRequestException", _nothing_deployed(id), None)


def no_start(id: str) -> errors.RefusalError:
    text = f"Cannot instantiate process definition {id}: {_nothing_deployed(id)}"
    return errors.RefusalError(500, "RestException", text)


def _nothing_deployed(id: str) -> str:
    return f"no deployed process definition found with id '{id}': processDefinition is null"


def document(call: Call, process: Process) -> Result:
    return {"id": call.store.definitions[process.key], "bpmn20Xml": document_of(process)}


def form(call: Call, process: Process) -> Result:
    id, key = call.store.definitions[process.key], None
    if process.inputs:
        key = f"embedded:engine://engine/:engine/process-definition/{id}/rendered-form"
    reference = process.form_ref
    shown = None if reference is None else {"key": reference, "binding": "latest", "version": None}
    return {"key": key, call.form_ref: shown, "contextPath": None}


def deployed_form(call: Call, process: Process) -> Result:
    if process.form_ref is None:
        name = call.form_ref.removesuffix("FormRef")
        raise errors.invalid(
            f"One of the attributes 'formKey' and '{name}:formRef' must be supplied but none were set."
        )
    return Plain(msgspec.json.encode(FORMS[process.form_ref]))


def start(call: Call, process: Process) -> Result:
    """Without a look at the form."""
    return _started(call, process, _given(call, process))


def submit(call: Call, process: Process) -> Result:
    what = _what(call, process)
    return _started(call, process, submitted(process.inputs, _given(call, process), {}, what))


def _what(call: Call, process: Process) -> str:
    return f"Cannot instantiate process definition {call.store.definitions[process.key]}"


def _given(call: Call, process: Process) -> dict[str, Typed]:
    what = _what(call, process)
    return {name: typed(each, what) for name, each in (call.body.get("variables") or {}).items()}


def _started(call: Call, process: Process, variables: dict[str, Typed]) -> Result:
    made = call.engine.start(process, variables, call.body.get("businessKey"), call.user)
    call.effect("start_flow", made.id)
    href = f"{call.base}/process-instance/{made.id}"
    answer = answers.instance(made, [{"method": "GET", "href": href, "rel": "self"}])
    if call.body.get("withVariablesInReturn"):
        answer["variables"] = answers.variables(made.variables)
    return answer
