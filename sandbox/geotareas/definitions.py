"""The workflow definitions of the sample company: steps with their form fields and results."""

from typing import Literal

import msgspec

from sandbox.geotareas.directory import ACCOUNTING, FIELD_NORTH, FIELD_SOUTH, METERING, SALES

JsonValue = str | int | float | bool | None
FieldType = Literal["text", "number", "date", "boolean", "select", "file"]


class Result(msgspec.Struct, frozen=True):
    """One code of `available_results`; `ends` closes the instance instead of opening the next step."""

    code: str
    label: str
    ends: bool = False


class Field(msgspec.Struct, frozen=True):
    """One form field. `samples` are plausible values; a `prefilled` field starts with the entity's label."""

    id: str
    name: str
    type: FieldType
    samples: tuple[JsonValue, ...]
    required: bool = False
    prefilled: bool = False


class Step(msgspec.Struct, frozen=True):
    """One human step. `groups` are the candidate groups of its tasks, `days` the time allowed (None: no due date)."""

    name: str
    description: str | None
    groups: tuple[str, ...]
    results: tuple[Result, ...]
    fields: tuple[Field, ...] = ()
    days: int | None = 2


class Workflow(msgspec.Struct, frozen=True):
    """One workflow definition. Only `active` ones have instances; the others only appear in the list."""

    id: str
    name: str
    description: str | None
    entity_type: str
    version: int
    steps: tuple[Step, ...]
    triggers: int = 1
    active: bool = True
    age_days: int = 400


_APPROVED = Result("approved", "Approved")
_REJECTED = Result("rejected", "Rejected", ends=True)
_DONE = Result("done", "Done")
_NOTES = Field(
    "f_notes",
    "notes",
    "text",
    ("Called twice, reached on the second attempt.", "Access through the rear gate.", "Nothing unusual.", ""),
)
_PHOTO = Field("f_photo", "photo", "file", ("IMG_20260312_0914.jpg", "IMG_20260409_1652.jpg", None))

WORKFLOWS = (
    Workflow(
        "418207395516284701",
        "New Account Onboarding",
        "From a signed contract to the first delivery.",
        "CUENTA",
        4,
        (
            Step(
                "Verify Contact Information",
                "Call the main contact and confirm address, phone and billing e-mail.",
                (SALES, ACCOUNTING),
                (_APPROVED, _REJECTED),
                (
                    Field("f_verified", "contact_verified", "boolean", (True,), required=True),
                    Field("f_phone", "phone_confirmed", "boolean", (True, False)),
                    _NOTES,
                ),
            ),
            Step(
                "Send Welcome Email",
                "Send the welcome email to the new account contact.",
                (SALES, ACCOUNTING),
                (Result("sent", "Email Sent"), Result("failed", "Email Failed")),
                (
                    Field(
                        "f_email",
                        "email_address",
                        "text",
                        ("contact@acme.example", "office@bodegas-rioja.example", "compras@levante-frio.example"),
                        required=True,
                    ),
                    Field(
                        "f_template",
                        "template",
                        "select",
                        ("Premium Welcome", "Standard Welcome", "Partner Welcome"),
                        required=True,
                    ),
                ),
            ),
            Step(
                "Review Welcome Package",
                "Check contract, price list and delivery calendar before they go out.",
                (ACCOUNTING,),
                (_APPROVED, Result("changes", "Needs Changes")),
                (Field("f_discount", "discount_percent", "number", (0, 2.5, 5, 7.5)), _NOTES),
                days=5,
            ),
        ),
        triggers=2,
    ),
    Workflow(
        "418207395516284733",
        "Site Inspection",
        "Yearly safety inspection of a customer site.",
        "CLIENTE",
        7,
        (
            Step(
                "Schedule Visit",
                "Agree on a date with the site contact.",
                (FIELD_NORTH, FIELD_SOUTH),
                (Result("scheduled", "Scheduled"), Result("refused", "Visit Refused", ends=True)),
                (Field("f_date", "visit_date", "date", ("2026-04-02", "2026-04-17", "2026-05-06"), required=True),),
                days=7,
            ),
            Step(
                "Inspect Site",
                "Walk the site with the checklist; photograph every finding.",
                (FIELD_NORTH, FIELD_SOUTH),
                (Result("passed", "Passed"), Result("findings", "Passed with Findings"), Result("failed", "Failed")),
                (
                    Field("f_findings", "findings", "number", (0, 0, 1, 3, 6), required=True),
                    Field("f_barrier", "barriers_in_place", "boolean", (True, True, False), required=True),
                    _PHOTO,
                    _NOTES,
                ),
            ),
            Step(
                "Approve Inspection Report",
                None,
                (ACCOUNTING, FIELD_NORTH),
                (_APPROVED, _REJECTED),
                (_NOTES,),
                days=3,
            ),
        ),
    ),
    Workflow(
        "418207395516284759",
        "Meter Replacement",
        "Replace a meter whose calibration has run out.",
        "DISPOSITIVO",
        2,
        (
            Step(
                "Replace Meter",
                "Note both readings before the old meter is taken off.",
                (METERING,),
                (Result("replaced", "Replaced"), Result("no_access", "No Access")),
                (
                    Field("f_old", "old_reading_kwh", "number", (18240.5, 40311, 9027.25), required=True),
                    Field("f_new", "new_serial_number", "text", ("ES-77120-A", "ES-77342-A", "ES-80015-C")),
                    Field("f_device", "device", "text", (), prefilled=True),
                    _PHOTO,
                ),
                days=10,
            ),
            Step(
                "Check Final Reading",
                "Compare the final reading with the last invoice.",
                (ACCOUNTING,),
                (Result("plausible", "Plausible"), Result("implausible", "Implausible")),
                (Field("f_diff", "difference_kwh", "number", (0, 12.5, -3, 220), required=True),),
            ),
        ),
    ),
    Workflow(
        "418207395516284782",
        "Damage Survey",
        "Survey after a reported damage, until the insurer has what it needs.",
        "CLIENTE",
        3,
        (
            Step(
                "Survey Damage",
                "Measure and photograph the damage; estimate the repair.",
                (FIELD_SOUTH, FIELD_NORTH),
                (Result("surveyed", "Surveyed"), Result("no_damage", "No Damage Found", ends=True)),
                (
                    Field("f_cause", "cause", "select", ("water", "storm", "vehicle", "unknown"), required=True),
                    Field("f_cost", "repair_cost_eur", "number", (180, 940.5, 2300, 11850), required=True),
                    _PHOTO,
                ),
                days=1,
            ),
            Step(
                "Release Repair Budget",
                "Release the estimated amount or return it with a reason.",
                (ACCOUNTING,),
                (Result("released", "Released"), _REJECTED),
                (Field("f_budget", "budget_eur", "number", (200, 1000, 2500, 12000), required=True), _NOTES),
                days=4,
            ),
        ),
    ),
    Workflow(
        "418207395516284806",
        "Delivery Dispute",
        "A customer says that a delivery was short, late or broken.",
        "TAREA",
        5,
        (
            Step(
                "Clarify Delivery Dispute",
                "Compare the signed delivery note with the driver's track.",
                (SALES, ACCOUNTING),
                (Result("justified", "Justified"), Result("unjustified", "Unjustified", ends=True)),
                (
                    Field("f_note", "delivery_note", "text", ("ALB-20417", "ALB-20588", "ALB-20631"), required=True),
                    Field("f_missing", "missing_items", "number", (0, 1, 4, 12)),
                    _NOTES,
                ),
            ),
            Step(
                "Issue Credit Note",
                "Issue the credit note and tell the customer.",
                (ACCOUNTING,),
                (Result("issued", "Issued"), _REJECTED),
                (Field("f_amount", "amount_eur", "number", (35.9, 120, 410.75), required=True),),
                days=3,
            ),
        ),
        triggers=3,
    ),
    Workflow(
        "418207395516284828",
        "Vehicle Handover",
        "Hand a company vehicle to another employee.",
        "PERSONAL",
        1,
        (
            Step(
                "Record Vehicle Condition",
                None,
                (FIELD_NORTH, FIELD_SOUTH),
                (_DONE,),
                (Field("f_km", "odometer_km", "number", (48210, 121034, 7755), required=True), _PHOTO),
                days=None,
            ),
        ),
    ),
    Workflow(
        "418207395516284851",
        "Fleet Census 2024",
        None,
        "NINGUNA",
        1,
        (Step("Count Vehicles", None, (FIELD_NORTH,), (_DONE,), (), days=None),),
        triggers=0,
        active=False,
        age_days=900,
    ),
)
