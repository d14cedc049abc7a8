"""The user task definitions of the sample company, with the fields of their forms."""

from dataclasses import dataclass
from typing import Literal

FieldType = Literal["STRING", "INTEGER", "DOUBLE", "BOOLEAN"]


@dataclass(frozen=True, slots=True)
class Field:
    """`samples` are plausible values."""

    name: str
    display_name: str
    type: FieldType
    samples: tuple[str | int | float | bool, ...]
    required: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class UserTaskDef:
    """`groups` are the candidate groups of its tasks. `notes` may contain members of a case in braces."""

    name: str
    groups: tuple[str, ...]
    fields: tuple[Field, ...]
    notes: str = ""


_REMARK = Field("remark", "Remark", "STRING", ("Checked twice.", "Nothing unusual."), description="For the file.")

DEFINITIONS = {
    each.name: each
    for each in (
        UserTaskDef(
            "approve-invoice",
            ("accounting",),
            (
                Field("approved", "Approved?", "BOOLEAN", (True, True, False), required=True),
                Field("costCenter", "Cost center", "INTEGER", (4100, 4200, 7300)),
                _REMARK,
            ),
            "Invoice of {company} over {amount}",
        ),
        UserTaskDef(
            "check-expense-report",
            ("accounting",),
            (
                Field("decision", "Decision", "STRING", ("accepted", "rejected"), required=True),
                Field("refund", "Amount to refund", "DOUBLE", (18.5, 240.0, 1022.75), required=True),
                Field("receipts", "Number of receipts", "INTEGER", (1, 4, 9)),
            ),
            "Expenses of {customer}",
        ),
        UserTaskDef(
            "assess-damage",
            ("claims",),
            (
                Field("cause", "Cause", "STRING", ("water", "storm", "vehicle"), required=True),
                Field("estimate", "Estimate in EUR", "DOUBLE", (180.0, 2300.0, 11850.5), required=True),
                Field("total", "Total loss?", "BOOLEAN", (False, False, True)),
            ),
            "{customer} reports {damage}",
        ),
        UserTaskDef(
            "review-contract",
            ("legal", "procurement"),
            (
                Field("accepted", "Terms accepted?", "BOOLEAN", (True, False), required=True),
                Field("months", "Term in months", "INTEGER", (12, 24, 36), required=True),
                _REMARK,
            ),
            "{contract} with {company}",
        ),
        UserTaskDef(
            "arrange-delivery",
            ("operations", "sales"),
            (Field("carrier", "Carrier", "STRING", ("Delta Freight", "Tern Logistics"), required=True),),
        ),
    )
}
