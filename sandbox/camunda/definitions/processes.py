"""The deployed processes: their user tasks, forms and start variables."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from msgspec.structs import replace

from sandbox.camunda.records import Form, ProcessDefinition
from sandbox.work import Case

FIRST_KEY = 2251799813685249
"""The first key of partition 1."""

FormField = dict[str, Any]


def _field(type_: str, key: str, label: str, *, required: bool = False, values: tuple[str, ...] = ()) -> FormField:
    field: FormField = {"type": type_, "key": key, "label": label, "id": f"Field_{key}"}
    if required:
        field["validate"] = {"required": True}
    if values:
        field["values"] = [{"label": value.replace("_", " ").capitalize(), "value": value} for value in values]
    return field


@dataclass(frozen=True, slots=True)
class Step:
    """A user task of a process. The steps of one stage run in parallel."""

    element_id: str
    name: str
    groups: tuple[str, ...]
    fields: tuple[FormField, ...] = ()
    external_form: str | None = None
    local_variables: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class CallActivity:
    """A call activity: starts an instance of another process and waits for it."""

    element_id: str
    process_id: str


@dataclass(frozen=True, slots=True)
class Process:
    """`business_prefix` and `variables` are used for the instances of fresh data. `start_fields` are those of the form of
    the start event.
    """

    id: str
    name: str
    version: int
    business_prefix: str
    stages: tuple[tuple[Step | CallActivity, ...], ...]
    variables: Callable[[Case], dict[str, Any]]
    start_fields: tuple[FormField, ...] = ()

    def steps(self, stage: int) -> tuple[Step, ...]:
        return tuple(each for each in self.stages[stage] if isinstance(each, Step))

    def elements(self) -> Iterator[tuple[int, Step | CallActivity]]:
        """Yield every element with the number of its stage."""
        for number, stage in enumerate(self.stages):
            for element in stage:
                yield number, element

    def element(self, element_id: str) -> Step | CallActivity | None:
        return next((each for _, each in self.elements() if each.element_id == element_id), None)

    def stage_of(self, element_id: str) -> int:
        return next(number for number, each in self.elements() if each.element_id == element_id)


_NOTE = _field("textarea", "note", "Note")

PROCESSES = (
    Process(
        "invoice", "Invoice receipt", 3, "INV",
        (
            (Step("approve_invoice", "Approve invoice", ("accounting",), (
                _field("radio", "decision", "Decision", required=True, values=("approved", "rejected", "needs_clarification")),
                _field("number", "approvedAmount", "Approved amount"),
                _NOTE,
            ), local_variables=(("approvalLimit", 10_000),)),),
            (Step("prepare_transfer", "Prepare bank transfer", ("accounting",), (
                _field("textfield", "reference", "Payment reference", required=True),
                _field("checkbox", "urgent", "Pay today"),
            )),),
        ),
        lambda case: {
            "supplier": case.company, "amount": case.amount_cents / 100, "currency": "EUR", "country": case.country,
            "invoiceNumber": f"R-{case.number:06d}",
        },
    ),
    Process(
        "insurance-claim", "Insurance claim", 5, "CLM",
        (
            (Step("assess_claim", "Assess insurance claim", ("claims",), (
                _field("select", "liability", "Liability", required=True, values=("full", "partial", "none")),
                _field("number", "payout", "Payout", required=True),
                _NOTE,
            )),),
            (Step("release_payout", "Release claim payout", ("claims", "accounting"), (_NOTE,)),),
        ),
        lambda case: {
            "claimant": case.customer, "cause": case.damage, "estimate": case.amount_cents / 100, "country": case.country,
            "report": f"{case.customer} reports {case.damage} by {case.channel}. " * 200,
        },
    ),
    Process(
        "customer-onboarding", "Customer onboarding", 2, "CUS",
        (
            (Step("check_documents", "Check identity documents", ("operations",), (
                _field("checkbox", "documentsValid", "Documents are valid", required=True), _NOTE,
            )),),
            (
                Step("set_up_billing", "Set up billing for new customer", ("accounting",), (
                    _field("select", "paymentTerms", "Payment terms", required=True, values=("prepaid", "14_days", "30_days")),
                )),
                Step("create_account", "Create customer account", ("operations",)),
            ),
            (Step("welcome_call", "Make welcome call", ("sales",), external_form="https://forms.example.com/welcome-call"),),
        ),
        lambda case: {"customer": case.customer, "company": case.company, "country": case.country, "channel": case.channel},
    ),
    Process(
        "contract-review", "Contract review", 1, "CON",
        (
            (Step("review_contract", "Review contract", ("legal",), (
                _field("radio", "result", "Result", required=True, values=("accepted", "changes_needed", "refused")), _NOTE,
            )),),
            (Step("sign_contract", "Collect signatures", ("legal", "sales")),),
        ),
        lambda case: {"partner": case.company, "contract": case.contract, "volume": case.amount_cents / 100},
    ),
    Process(
        "purchase-order", "Purchase order", 4, "PO",
        (
            (Step("check_budget", "Check budget of purchase order", ("accounting",), (
                _field("checkbox", "budgetAvailable", "Budget is available", required=True),
                _field("textfield", "costCentre", "Cost centre"),
            )),),
            (Step("order_goods", "Order goods from supplier", ("procurement",), (
                _field("datetime", "deliveryDate", "Expected delivery", required=True),
            )),),
        ),
        lambda case: {
            "supplier": case.company, "goods": case.goods, "total": case.amount_cents / 100, "items": [{"name": case.goods, "count": 12}],
        },
        (
            _field("textfield", "supplier", "Supplier", required=True),
            _field("textfield", "goods", "Goods", required=True),
            _field("number", "total", "Total"),
        ),
    ),
    Process(
        "expense-report", "Expense report", 1, "EXP",
        ((Step("check_expenses", "Check expense report", ("accounting",)),),),
        lambda case: {"employee": case.customer, "total": case.amount_cents / 1000, "currency": "EUR", "receipts": case.number % 7 + 1},
    ),
)  # fmt: skip


def _without_instances(id: str, name: str, *stages: tuple[Step | CallActivity, ...]) -> Process:
    return Process(id, name, 1, "", stages, lambda _: {})


def _alone(element_id: str, name: str) -> tuple[Step, ...]:
    return (Step(element_id, name, ("accounting",)),)


STARTED_ONLY = (
    _without_instances(
        "task-listeners", "Task listeners",
        (
            *_alone("slow_assignment", "Assign slowly"), *_alone("slow_update", "Update slowly"),
            *_alone("slow_completion", "Complete slowly"), *_alone("denied_assignment", "Deny assignments"),
            *_alone("denied_update", "Deny updates"), *_alone("denied_completion", "Deny completion"),
            *_alone("late_denied_completion", "Deny completion late"),
        ),
    ),
    _without_instances("slow-creation", "Slow creation", _alone("slow_creation", "Created slowly")),
    _without_instances("slow-cancellation", "Slow cancellation", _alone("slow_cancellation", "Cancel slowly")),
    _without_instances(
        "order-fulfilment", "Order fulfilment",
        (CallActivity("call_quality_check", "quality-check"),), _alone("hand_over_order", "Hand over order"),
    ),
    _without_instances("quality-check", "Quality check", _alone("check_quality", "Check quality")),
)  # fmt: skip
"""Processes without instances in fresh data. The names of their elements say what their task listeners do."""

BY_ID = {process.id: process for process in (*PROCESSES, *STARTED_ONLY)}
STEPS = {
    step.element_id: step for process in BY_ID.values() for _, step in process.elements() if isinstance(step, Step)
}


def _definition(number: int, process: Process) -> ProcessDefinition:
    return ProcessDefinition(
        str(FIRST_KEY + number),
        process.id,
        process.name,
        f"{process.id}.bpmn",
        process.version,
        has_start_form=bool(process.start_fields),
    )


def _form(number: int, owner: str, title: str, fields: tuple[FormField, ...]) -> Form:
    schema = {
        "type": "default",
        "id": f"{owner}_form",
        "schemaVersion": 19,
        "executionPlatform": "Camunda Cloud",
        "executionPlatformVersion": "8.9.0",
        "components": [{"type": "text", "text": f"## {title}", "id": "Title"}, *fields],
    }
    return Form(str(FIRST_KEY + 100 + number), f"{owner}_form", 1, orjson.dumps(schema).decode())


DEFINITIONS = {process.id: _definition(number, process) for number, process in enumerate(BY_ID.values())}
"""The latest version of each process."""

DEPLOYED = (
    *DEFINITIONS.values(),
    replace(DEFINITIONS["invoice"], process_definition_key=str(FIRST_KEY + 90), version=2),
)
FORMS = {
    step.element_id: _form(number, step.element_id, step.name, step.fields)
    for number, step in enumerate(STEPS.values())
    if step.fields
}
START_FORMS = {
    process.id: _form(100 + number, process.id, process.name, process.start_fields)
    for number, process in enumerate(PROCESSES)
    if process.start_fields
}
"""By the id of the process, for its latest version."""
FIRST_FREE_KEY = FIRST_KEY + 1000
