"""UiPath's rows of the domain page."""

from typing import Any

import msgspec

from connectors.sdk.model import Flow, FormFieldType, FormKind, Task, TaskKind, TaskPriority
from connectors.sdk.query import TaskOrderField, TaskQuery, order_value, overdue
from connectors.uipath import wire
from connectors.uipath.flows import FLOW_STATES, flow_from_wire
from connectors.uipath.formats import FIELD_TYPES, decode_record
from connectors.uipath.forms import form_of
from connectors.uipath.mapping import STATUSES, TYPES, task_from_wire
from tests.connectors.domain import DomainChecks, Pair, Seen, seen
from tests.connectors.uipath.tenant import NOW, Tenant, settings_with

GUID = "0b9d7c1e-4a5f-4d7b-9e61-6a1f6b1d2c3d"
GROUP = {"Id": 9, "Name": "Accounting", "Type": "DirectoryGroup"}
ANA = {"Id": 7, "Name": "Ana", "Type": "DirectoryUser"}
BEN = {"Id": 8, "Name": "Ben", "Type": "DirectoryUser"}
SETTINGS = settings_with()


def task(status: str | int = "Unassigned", **members: Any) -> Task:
    row = {"Id": 101, "OrganizationUnitId": 828, "Title": "Review", "Status": status, **members}
    return task_from_wire(decode_record(msgspec.Raw(msgspec.json.encode(row)), wire.Task), SETTINGS, fetched_at=NOW)


def flow(status: str) -> Flow:
    row = wire.Instance(instance_id=GUID, latest_run_status=status, folder_key=GUID)
    return flow_from_wire(row, SETTINGS, folder=828, fetched_at=NOW)


def by_number_and_name(number: int, **members: Any) -> Seen:
    return seen(task(STATUSES[number], **members), task(number, **members))


def shared() -> Seen:
    """The state, and the candidates, which must be the assignments."""
    to_group = task("Pending", TaskAssignments=[{"Assignee": GROUP}])
    to_all = task(1, TaskAssignments=[{"Assignee": ANA}, {"Assignee": BEN}])
    candidates = [each.native_id for each in to_group.candidate_groups or ()]
    candidates += [each.native_id for each in to_all.candidate_users or ()]
    told = seen(to_group, to_all)
    return Seen(
        f"{told.words}, candidates = {'the assignments' if candidates == ['9', '7', '8'] else candidates}", told.rules
    )


async def nothing_behind_the_job() -> Pair:
    """An empty status is UNKNOWN. A job that is no process instance has no flow, which the graph shows as a stub."""
    tenant = Tenant()
    page = await tenant.connector.list_tasks(TaskQuery(), limit=1)
    folder = page.items[0].native_id.split("-")[0]
    found = await tenant.connector.get_flows([f"{folder}-{GUID}"])
    await tenant.connector.aclose()
    return ("UNKNOWN", {}), (flow("").state.value, dict(found))


def priorities() -> Pair:
    names = ("Low", "Medium", "High", "Critical")
    return list(TaskPriority), [task(Priority=name).priority for name in names]


def sort_values() -> Pair:
    tasks = [task(Priority=number) for number in range(4)]
    return [25, 50, 75, 100], [order_value(each, TaskOrderField.PRIORITY) for each in tasks]


def lateness() -> Pair:
    late: dict[str, Any] = {"TaskSlaDetail": {"ExpiryTime": "2026-06-15T08:59:59Z"}}
    hinted = task(TaskSlaDetail={"Status": "Overdue"})
    tasks = (
        task(**late),
        task("Completed", **late),
        task(TaskSlaDetail={"ExpiryTime": "2026-06-15T09:00:00Z"}),
        hinted,
    )
    return [True, False, False, True], [overdue(each, NOW) for each in tasks]


def forms() -> Pair:
    layout = {"components": [{"type": "textfield", "key": "iban"}]}
    form = form_of(task(Type="FormTask"), wire.TaskData(id=101, form_layout=layout))
    app = form_of(task(Type="AppTask"), wire.TaskData(id=101))
    return (
        (FormKind.FIELDS, layout, FormKind.EXTERNAL_URL, task().url),
        (form.kind, form.vendor_schema, app.kind, app.url),
    )


def field_type(component: object) -> FormFieldType:
    """Of a Form.io component, by its type."""
    layout = {"components": [{"type": component, "key": "field", "input": True}]}
    return form_of(task(), wire.TaskData(id=101, form_layout=layout)).fields[0].type


DOMAIN = DomainChecks(
    states={
        ("*(isDeleted)*", "true"): lambda: seen(*(task(each, IsDeleted=True) for each in STATUSES)),
        ("Unassigned / 0", ""): lambda: by_number_and_name(0),
        ("Pending / 1", "assigned to one user"): lambda: by_number_and_name(1, AssignedToUserId=7, AssignedToUser=ANA),
        ("Pending / 1", "all-users or group assignment, no single user"): shared,
        ("Completed / 2", ""): lambda: by_number_and_name(2, AssignedToUserId=7),
    },
    statuses=frozenset(STATUSES),
    unknown=lambda: task("Forwarded", AssignedToUserId=7),
    kinds=lambda: frozenset(task(Type=each).kind for each in TYPES) - {TaskKind.UNKNOWN},
    flow=flow,
    flow_states=frozenset(FLOW_STATES),
    flow_words={("UNKNOWN", "'', no instance behind the job key"): nothing_behind_the_job},
    values={
        ("priority", "Low, Medium, High, Critical one to one"): priorities,
        ("sort value when none", "25 / 50 / 75 / 100"): sort_values,
        ("due", "SLA expiry time"): lambda: (
            NOW,
            task(TaskSlaDetail={"ExpiryTime": "2026-06-15T11:00:00+02:00"}).due_at,
        ),
        ("overdue", "same, vendor SLA status as a hint"): lateness,
        ("escalated", "null"): lambda: (None, task().is_escalated),
        ("follow-up", "null"): lambda: (None, task().follow_up_at),
        ("form", "formLayout d (Form), App = link"): forms,
    },
    form_types={
        FormFieldType.TEXT: ("textfield", "textarea", "email", "phoneNumber", "url", "password", "time"),
        FormFieldType.NUMBER: ("number", "currency"),
        FormFieldType.BOOLEAN: ("checkbox",),
        FormFieldType.DATE: ("day",),
        FormFieldType.DATETIME: ("datetime",),
        FormFieldType.SELECT: ("select", "radio"),
        FormFieldType.MULTI_SELECT: ("selectboxes", "tags"),
        FormFieldType.FILE: ("file",),
        FormFieldType.JSON: ("datagrid", "editgrid", "datatable", "container", "survey", "address", "datamap"),
        FormFieldType.UNKNOWN: ("signature",),
    },
    form_type=field_type,
    native_types=frozenset(FIELD_TYPES),
    precedence={
        ("deleted flag", "closed native state"): lambda: ("CANCELED", task("Completed", IsDeleted=True).state.value),
        ("native state", "assignment"): lambda: ("READY", task("Unassigned", AssignedToUserId=7).state.value),
    },
)
