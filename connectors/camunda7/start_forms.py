"""The process that a start names, and the form of its start event."""

from connectors.camunda7.client import Camunda7Client, ProcessPath
from connectors.camunda7.flows import start_body, version_number
from connectors.camunda7.formats import FormInput, start_inputs
from connectors.camunda7.forms import form_from
from connectors.sdk import Form, FormKind, StartFlow, ValidationFailedError


async def process_of(client: Camunda7Client, command: StartFlow, tenant: str | None) -> ProcessPath:
    """A call only for a start that names a version. ValidationFailedError if the process has no such version."""
    if command.version is None:
        return ProcessPath.newest(command.definition_key, tenant)
    number = version_number(command.version)
    found = await client.find_version(command.definition_key, number)
    fitting = [each for each in found if tenant in {None, each.tenant_id}]
    if not fitting:
        raise ValidationFailedError(f"the process has no version {number}", field=("version",))
    return ProcessPath.of_version(fitting[0].id)


async def read_start_form(client: Camunda7Client, command: StartFlow) -> Form | None:
    """None if the start event has no form. One call; a second one for form data and for the document of a Camunda form."""
    options, _ = start_body(command)
    process = await process_of(client, command, options.tenant_id)

    async def inputs() -> list[FormInput]:
        return start_inputs(await client.get_process_xml(process), command.definition_key)

    made = await form_from(
        await client.get_start_form(process),
        {},
        document=lambda: client.get_deployed_start_form(process),
        inputs=inputs,
    )
    return None if made.kind is FormKind.NONE else made
