"""The forms of start events, and where they are found: linked forms by a call, embedded ones in the BPMN document."""

from cachetools import LRUCache
from msgspec import Struct
from msgspec.structs import replace

from connectors.camunda import wire
from connectors.camunda.client import CamundaClient
from connectors.camunda.flows import start_request
from connectors.camunda.formats import embedded_start_form
from connectors.camunda.forms import form_of
from connectors.camunda.options import start_flow_options
from connectors.camunda.settings import CamundaOptions
from connectors.sdk import (
    Form,
    FormKind,
    StartFlow,
    ValidationFailedError,
    current_call,
    decode_record,
    decode_rows,
    parse_options,
)

# The tenant of a cluster without tenants, and of a start that names none.
NO_TENANT = "<default>"
# Versions that one search returns: the newest may be deleted, or in another tenant.
VERSIONS = 20
# What is kept: processes and documents.
MOST_KEPT = 256


class _Pinned(Struct, frozen=True):
    """A version of a process in a tenant, for the person who may read it; None for the source's account."""

    principal: str | None
    process_id: str
    version: int
    tenant: str | None


class StartForms:
    """Reads start forms. Keeps only what cannot change: the key of a version, and what its document embeds.

    A linked form is read for each start: a process may follow the latest version of its form.
    """

    def __init__(self, client: CamundaClient, options: CamundaOptions) -> None:
        self._client = client
        self._options = options
        self._versions: LRUCache[_Pinned, wire.ProcessDefinition] = LRUCache(MOST_KEPT)
        self._embedded: LRUCache[str, wire.Form | None] = LRUCache(MOST_KEPT)

    async def read(self, command: StartFlow) -> Form | None:
        """None if the start event has no form. ValidationFailedError if the account can read no such process, and,
        without a call, for what is wrong with the command; its data are judged by the form.
        """
        body = start_request(replace(command, data=None), self._options)
        version = body.get("processDefinitionVersion")
        tenant = parse_options(command.options, start_flow_options(self._options)).tenant_id
        process = await self._process(command.definition_key, version if isinstance(version, int) else None, tenant)
        found = await self._form(process)
        form = form_of(found, {})
        return None if form.kind is FormKind.NONE else form

    async def _process(self, process_id: str, version: int | None, tenant: str | None) -> wire.ProcessDefinition:
        who = current_call().authority
        principal = None if who is None else who.principal
        pinned = None if version is None else _Pinned(principal, process_id, version, tenant)
        kept = None if pinned is None else self._versions.get(pinned)
        if kept is not None:
            return kept
        # By the description of server 8.8 the id takes operators only; the others take the value itself.
        filter: dict[str, object] = {"processDefinitionId": {"$eq": process_id}}
        if version is not None:
            filter["version"] = version
        if tenant is not None:
            filter["tenantId"] = tenant
        answer = await self._client.search_process_versions(filter=filter, limit=VERSIONS)
        found = decode_rows(answer.items, lambda raw: decode_record(raw, wire.ProcessDefinition)).records
        process = _newest([row for row in found if row.state != "DELETED"], tenant or NO_TENANT)
        if process is None:
            which = "" if version is None else f" in version {version}"
            raise ValidationFailedError(
                f"the account can read no process {process_id!r}{which}, so its start form is not known",
                field=("definitionKey",),
            )
        if pinned is not None:
            self._versions[pinned] = process
        return process

    async def _form(self, process: wire.ProcessDefinition) -> wire.Form | None:
        """Where the server says that there is no linked form, that is not asked for."""
        key = process.process_definition_key
        if process.has_start_form is not False:
            linked = await self._client.get_start_form(key)
            if linked is not None:
                return linked
        if key not in self._embedded:
            document = await self._client.get_process_definition_xml(key)
            schema = None if document is None else embedded_start_form(document, process.process_definition_id)
            self._embedded[key] = None if schema is None else wire.Form(schema=schema)
        return self._embedded[key]


def _newest(rows: list[wire.ProcessDefinition], tenant: str) -> wire.ProcessDefinition | None:
    """Of the tenant, if the rows have it: a server without tenants may leave it out."""
    own = [row for row in rows if row.tenant_id in (None, tenant)]
    return max(own or rows, key=lambda row: row.version or 0, default=None)
