"""The processes of the sample company that still run on the old engine."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sandbox.work import Case


@dataclass(frozen=True, slots=True)
class Input:
    """A field of form data. `rules` are names of constraints with their values."""

    id: str
    label: str
    type: str
    options: tuple[tuple[str, str], ...] = ()
    rules: tuple[tuple[str, str | None], ...] = ()
    default: str | None = None
    pattern: str | None = None

    @property
    def is_required(self) -> bool:
        return ("required", None) in self.rules


@dataclass(frozen=True, slots=True)
class Step:
    """A user task. `form_ref` names a Camunda form, `form_key` a form of an application."""

    id: str
    name: str
    groups: tuple[str, ...]
    inputs: tuple[Input, ...] = ()
    users: tuple[str, ...] = ()
    form_ref: str | None = None
    form_key: str | None = None
    priority: int = 50
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Process:
    """`steps` follow each other. `data` makes the variables of a case. `inputs` and `form_ref` are the form of the start event."""

    key: str
    name: str
    prefix: str
    steps: tuple[Step, ...]
    data: Callable[[Case], dict[str, Any]] = field(compare=False)
    version: int = 1
    inputs: tuple[Input, ...] = ()
    form_ref: str | None = None

    def step(self, id: str) -> Step:
        return next(each for each in self.steps if each.id == id)

    def after(self, id: str) -> Step | None:
        place = [each.id for each in self.steps].index(id) + 1
        return self.steps[place] if place < len(self.steps) else None


REQUIRED = ("required", None)

PROCESSES = (
    Process(
        "invoice",
        "Invoice receipt (until 2025)",
        "INV7",
        (
            Step(
                "approve_invoice",
                "Approve invoice",
                ("accounting",),
                (
                    Input("approved", "Approved?", "boolean", default="false"),
                    Input("amount", "Amount", "long", rules=(REQUIRED, ("min", "1"))),
                    Input("cause", "Reason", "enum", (("price", "Price"), ("goods", "Goods not received"))),
                    Input("payOn", "Pay on", "date"),
                ),
                priority=75,
                description="Compare the invoice with the order",
            ),
            Step("prepare_transfer", "Prepare bank transfer", ("accounting",), form_ref="bank-transfer"),
        ),
        lambda case: {"supplier": case.company, "amount": case.amount_cents // 100, "invoice": f"R-{case.number:06d}"},
        version=3,
    ),
    Process(
        "travel-expenses",
        "Travel expenses",
        "TRV",
        (
            Step(
                "check_receipts",
                "Check receipts",
                ("accounting", "operations"),
                (
                    Input("complete", "All receipts are there", "boolean", rules=(REQUIRED,)),
                    Input("note", "Note", "string", rules=(("maxlength", "200"),)),
                ),
            ),
        ),
        lambda case: {"traveller": case.customer, "country": case.country, "amount": case.amount_cents // 100},
        inputs=(
            Input("traveller", "Traveller", "string", rules=(REQUIRED, ("maxlength", "80"))),
            Input("amount", "Amount", "long", rules=(REQUIRED, ("min", "1"))),
            Input("leftOn", "First day", "date", pattern="yyyy-MM-dd"),
        ),
    ),
    Process(
        "supplier-contract",
        "Supplier contract",
        "CON7",
        (
            Step("review_contract", "Review contract", ("legal",), users=("henrik",)),
            Step("sign_contract", "Sign contract", ("operations",), form_key="https://sign.example.com/contract"),
        ),
        lambda case: {"supplier": case.company, "contract": case.contract},
        form_ref="contract-request",
    ),
    Process(
        "goods-return",
        "Return of goods",
        "RET",
        (Step("inspect_goods", "Inspect returned goods", ("operations",), priority=30),),
        lambda case: {"customer": case.customer, "goods": case.goods},
    ),
)
BY_KEY = MappingProxyType({process.key: process for process in PROCESSES})

FORMS = MappingProxyType(
    {
        "bank-transfer": {
            "id": "bank-transfer",
            "type": "default",
            "schemaVersion": 16,
            "components": [
                {"type": "textfield", "id": "f1", "key": "reference", "label": "Payment reference",
                 "validate": {"required": True, "maxLength": 140}},
                {"type": "checkbox", "id": "f2", "key": "urgent", "label": "Pay today"},
            ],
        },
        "contract-request": {
            "id": "contract-request",
            "type": "default",
            "schemaVersion": 16,
            "components": [
                {"type": "textfield", "id": "f1", "key": "supplier", "label": "Supplier", "validate": {"required": True}},
            ],
        },
    }
)  # fmt: skip
