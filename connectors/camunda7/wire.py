"""The engine's JSON under the engine's names. Times are texts such as `2027-01-15T10:00:00.000+0000`.

Operaton and Camunda 7 differ in one name: `operatonFormRef` and `camundaFormRef`.
"""

from typing import Annotated, Any

from msgspec import Meta, Raw, Struct

from connectors.camunda7.ids import ID_PATTERN

Id = Annotated[str, Meta(pattern=ID_PATTERN)]


class Task(Struct, frozen=True, kw_only=True, rename="camel"):
    """An open task. Candidates and the business key are not part of it."""

    id: Id
    name: str | None = None
    assignee: str | None = None
    owner: str | None = None
    created: str | None = None
    last_updated: str | None = None
    due: str | None = None
    follow_up: str | None = None
    delegation_state: str | None = None
    description: str | None = None
    parent_task_id: str | None = None
    priority: int | None = None
    process_definition_id: str | None = None
    process_instance_id: str | None = None
    task_definition_key: str | None = None
    case_instance_id: str | None = None
    suspended: bool = False
    form_key: str | None = None
    tenant_id: str | None = None


class RowVariables(Struct, frozen=True):
    """What a row of a list has beside the task, where it was asked for."""

    variables: "dict[str, Variable] | None" = None


class HistoricTask(Struct, frozen=True, kw_only=True, rename="camel"):
    """A task of the history, open or closed. `delete_reason` says how it ended."""

    id: Id
    name: str | None = None
    assignee: str | None = None
    owner: str | None = None
    start_time: str | None = None
    end_time: str | None = None
    due: str | None = None
    follow_up: str | None = None
    description: str | None = None
    priority: int | None = None
    process_definition_id: str | None = None
    process_definition_key: str | None = None
    process_instance_id: str | None = None
    task_definition_key: str | None = None
    delete_reason: str | None = None
    tenant_id: str | None = None


class IdentityLink(Struct, frozen=True, kw_only=True, rename="camel"):
    """A user or a group in a role: `candidate`, `assignee` or `owner`."""

    user_id: str | None = None
    group_id: str | None = None
    type: str | None = None


class GroupCount(Struct, frozen=True, kw_only=True, rename="camel"):
    group_name: str | None = None


class ProcessInstance(Struct, frozen=True, kw_only=True, rename="camel"):
    """A running process instance, where there is no history."""

    id: Id
    definition_id: str | None = None
    definition_key: str | None = None
    business_key: str | None = None
    suspended: bool = False


class HistoricProcessInstance(Struct, frozen=True, kw_only=True, rename="camel"):
    """A process instance, running or ended."""

    id: Id
    business_key: str | None = None
    process_definition_id: str | None = None
    process_definition_key: str | None = None
    process_definition_name: str | None = None
    process_definition_version: int | None = None
    start_time: str | None = None
    end_time: str | None = None
    start_user_id: str | None = None
    root_process_instance_id: str | None = None
    super_process_instance_id: str | None = None
    state: str | None = None


class StartedInstance(Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer to a start."""

    id: Id
    definition_id: str | None = None
    business_key: str | None = None
    ended: bool = False


class ActivityInstance(Struct, frozen=True, kw_only=True, rename="camel"):
    """A node of the tree of what a process instance is doing."""

    id: str
    activity_id: str | None = None
    child_activity_instances: "tuple[ActivityInstance, ...]" = ()


class ProcessDefinition(Struct, frozen=True, kw_only=True, rename="camel"):
    id: str
    key: str
    name: str | None = None
    version: int | None = None
    tenant_id: str | None = None


class ProcessXml(Struct, frozen=True, kw_only=True, rename={"document": "bpmn20Xml"}):
    document: str


class FormReference(Struct, frozen=True, kw_only=True):
    """A reference to a Camunda form."""

    key: str | None = None


class TaskForm(Struct, frozen=True, kw_only=True, rename="camel"):
    """`key` is the form key; for form data in the BPMN document an address of the engine."""

    key: str | None = None
    operaton_form_ref: FormReference | None = None
    camunda_form_ref: FormReference | None = None

    @property
    def reference(self) -> FormReference | None:
        return self.operaton_form_ref or self.camunda_form_ref


class Variable(Struct, frozen=True, kw_only=True, rename="camel"):
    """`value` is JSON; for a serialised object it is a text."""

    type: str | None = None
    value: Raw = Raw(b"null")
    value_info: dict[str, Any] | None = None


class HistoricVariable(Struct, frozen=True, kw_only=True, rename="camel"):
    name: str
    type: str | None = None
    value: Raw = Raw(b"null")
    value_info: dict[str, Any] | None = None
    task_id: str | None = None
    state: str | None = None

    def as_variable(self) -> Variable:
        return Variable(type=self.type, value=self.value, value_info=self.value_info)


class Comment(Struct, frozen=True, kw_only=True, rename="camel"):
    id: str
    user_id: str | None = None
    time: str | None = None
    message: str | None = None


class UserOperation(Struct, frozen=True, kw_only=True, rename="camel"):
    """One changed property. The properties of one operation share `operation_id`."""

    id: str
    operation_id: str | None = None
    user_id: str | None = None
    timestamp: str | None = None
    operation_type: str | None = None
    entity_type: str | None = None
    property: str | None = None
    org_value: str | None = None
    new_value: str | None = None


class User(Struct, frozen=True, kw_only=True, rename="camel"):
    id: str
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None


class Group(Struct, frozen=True, kw_only=True, rename="camel"):
    id: str
    name: str | None = None


class Count(Struct, frozen=True, kw_only=True):
    count: Any = None


class Fault(Struct, frozen=True, kw_only=True):
    """An error body. `code` tells some failures of the database apart; 0 says nothing."""

    type: str | None = None
    message: str | None = None
    code: int | None = None
