"""The automations of the sample tenant and the tasks that they create."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.uipath.directory import CLAIMS, COMMERCIAL, FINANCE, Folder, key_of
from sandbox.work import Case

Component = dict[str, Any]


def _field(
    kind: str, key: str, label: str, *, required: bool = False, values: tuple[str, ...] = (), hint: str = ""
) -> Component:
    component: Component = {"type": kind, "key": key, "label": label, "input": True}
    if required:
        component["validate"] = {"required": True}
    if values:
        component["data"] = {"values": [{"label": value.capitalize(), "value": value} for value in values]}
    if hint:
        component["description"] = hint
    return component


def _button(action: str) -> Component:
    return {"type": "button", "key": action, "label": action, "action": "submit", "input": True}


@dataclass(frozen=True, slots=True)
class Step:
    """A kind of task. `components` are the form of a Form task, `app` is the app of an App task."""

    type: str
    title: Callable[[Case], str]
    catalog: str | None
    components: tuple[Component, ...] = ()
    app: str | None = None

    @property
    def layout(self) -> dict[str, Any] | None:
        return {"display": "form", "components": list(self.components)} if self.components else None

    def app_metadata(self, folder: Folder) -> dict[str, Any] | None:
        if self.app is None:
            return None
        return {
            "appId": f"ID{key_of(self.app).replace('-', '')}",
            "appVersion": 3,
            "appProcessKey": key_of(f"process of {self.app}"),
            "folderKey": folder.key,
            "runtime": "Serverless",
            "appType": "Custom",
        }


@dataclass(frozen=True, slots=True)
class Process:
    """`source` creates the tasks: "Maestro" has an instance and a job, "Workflow" only a job, "Default" neither."""

    package: str
    version: str
    folder: Folder
    source: str
    steps: tuple[Step, ...]
    data: Callable[[Case], dict[str, Any]]


_NOTE = _field("textarea", "note", "Note")

PROCESSES = (
    Process(
        "Acme.InvoiceApproval", "2.4.1", FINANCE, "Maestro",
        (
            Step("AppTask", lambda case: f"Approve invoice of {case.company}", "Invoices", app="Invoice approval"),
            Step("FormTask", lambda case: f"Clear price difference with {case.company}", "Invoices", (
                _field("number", "agreedAmount", "Agreed amount", required=True),
                _field("select", "reason", "Reason", required=True, values=("discount", "freight", "mistake")),
                _field("datetime", "bookOn", "Book on"),
                _NOTE,
                _button("Approve"),
                _button("Reject"),
            )),
        ),
        lambda case: {"invoiceNumber": f"INV-{case.number}", "supplier": case.company, "amount": case.amount_cents / 100},
    ),
    Process(
        "Acme.VendorOnboarding", "1.0.7", FINANCE, "Workflow",
        (
            Step("FormTask", lambda case: f"Check bank details of {case.company}", "Vendors", (
                _field("textfield", "iban", "IBAN", required=True, hint="As on the letterhead"),
                _field("checkbox", "calledBack", "Called back", required=True),
                _button("Confirm"),
                _button("Send back"),
            )),
        ),
        lambda case: {"vendor": case.company, "country": case.country, "iban": f"{case.country}89 3704 0044 {case.number}"},
    ),
    Process(
        "Treasury", "-", FINANCE, "Default",
        (Step("ExternalTask", lambda case: f"Confirm payment of {case.amount} to {case.company}", None),),
        lambda case: {"payee": case.company, "amount": case.amount_cents / 100, "currency": "EUR"},
    ),
    Process(
        "Acme.ClaimHandling", "3.1.0", CLAIMS, "Maestro",
        (
            Step("DocumentValidationTask", lambda case: f"Validate claim form of {case.customer}", "Claims"),
            Step("AppTask", lambda case: f"Assess {case.damage} at {case.company}", "Claims", app="Claim assessment"),
            Step("ExternalTask", lambda case: f"Release payout to {case.customer}", "Claims"),
        ),
        lambda case: {"claimant": case.customer, "cause": case.damage, "estimate": case.amount_cents / 100},
    ),
    Process(
        "Acme.MailSorting", "5.2.0", CLAIMS, "Workflow",
        (
            Step("DocumentClassificationTask", lambda case: f"Classify letter of {case.customer}", None),
            Step("DataLabelingTask", lambda case: f"Label scan {case.number}", None),
        ),
        lambda case: {"document": f"scan-{case.number}.pdf", "pages": case.number % 9 + 1},
    ),
    Process(
        "Acme.ContractReview", "1.3.2", COMMERCIAL, "Maestro",
        (
            Step("FormTask", lambda case: f"Review {case.contract} with {case.company}", "Contracts", (
                _field("select", "risk", "Risk", required=True, values=("low", "medium", "high")),
                _NOTE,
                _button("Accept"),
                _button("Change"),
            )),
            Step("ExternalTask", lambda case: f"Collect signature of {case.customer}", "Contracts"),
        ),
        lambda case: {"partner": case.company, "contract": case.contract, "volume": case.amount_cents / 100},
    ),
)  # fmt: skip
