"""Operations on process definitions."""

from starlette.responses import Response

from sandbox.camunda.definitions import START_FORMS
from sandbox.camunda.errors import ProblemError, bad_request, not_found
from sandbox.camunda.formats import document_of
from sandbox.camunda.records import ProcessDefinition
from sandbox.camunda.requests import Call, no_content
from sandbox.camunda.search import bits, search
from sandbox.camunda.store import DEFINITIONS, LATEST_DEFINITIONS


def search_definitions(call: Call) -> Response:
    table, body, among = call.store.definitions, call.body, call.permissions.readable(call.store.definitions)
    filter_ = body.get("filter") if isinstance(body, dict) else None
    if not isinstance(filter_, dict):
        return call.answer(search(table, DEFINITIONS, body, among=among))
    latest = filter_.get("isLatestVersion")
    if latest not in (None, False, True):
        raise bad_request("Request property [filter.isLatestVersion] cannot be parsed")
    body = {**body, "filter": {name: each for name, each in filter_.items() if name != "isLatestVersion"}}
    if not latest:
        return call.answer(search(table, DEFINITIONS, body, among=among))
    newest: dict[str, int] = {}
    for ordinal, row in enumerate(table.rows):
        kept = newest.get(row.process_definition_id)
        if kept is None or table.rows[kept].version < row.version:
            newest[row.process_definition_id] = ordinal
    only = bits(newest.values(), len(table.rows))
    if among is not None:
        only &= among
    return call.answer(search(table, LATEST_DEFINITIONS, body, among=only, forward_only=True))


def get_definition(call: Call) -> Response:
    return call.answer(_definition(call))


def get_definition_xml(call: Call) -> Response:
    if not call.accepts("text/xml"):
        raise ProblemError(406, "Not Acceptable", "Acceptable representations: [text/xml, application/problem+json].")
    document = document_of(_definition(call))
    return no_content() if document is None else Response(document, media_type="text/xml")


def get_start_form(call: Call) -> Response:
    definition = _definition(call)
    form = START_FORMS.get(definition.process_definition_id) if definition.has_start_form else None
    return no_content() if form is None else call.answer(form)


def _definition(call: Call) -> ProcessDefinition:
    key = call.key("processDefinitionKey")
    definition = call.store.definitions.get(key)
    if definition is None:
        raise not_found(f"Process Definition with key '{key}' not found")
    call.permissions.check_process(definition.process_definition_id, "READ_PROCESS_DEFINITION")
    return definition
