"""The workflow definitions of version 1 of the sample organisation, and new workflows from them."""

from collections.abc import Callable
from datetime import datetime

from msgspec import UNSET, Struct

from sandbox.epilot.directory import ORG
from sandbox.epilot.records import (
    ClosingReason,
    StepAutomation,
    StepRequirement,
    Workflow,
    WorkflowContext,
    WorkflowSection,
    WorkflowStep,
)
from sandbox.stand_in import iso_millis


class WorkflowDefinition(Struct, frozen=True):
    """`sections` are names with steps; steps under "" are on the first level. A step named `@x` runs automation x."""

    id: str
    name: str
    entity_schema: str
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    reasons: tuple[str, ...]


DEFINITIONS = {
    each.id: each
    for each in (
        WorkflowDefinition(
            "rUqQv3Xd",
            "Lead qualification",
            "opportunity",
            (
                ("Initial information gathering", ("Call the client", "Check product availability")),
                ("", ("Print and send the catalogue",)),
            ),
            ("Lost", "Budget too low"),
        ),
        WorkflowDefinition(
            "k0mPla1nt",
            "Complaint",
            "ticket",
            (("Clarification", ("Read the complaint", "@auto_acknowledge")), ("Answer", ("Write the answer",))),
            ("Withdrawn",),
        ),
    )
}


def begin_workflow(
    definition: WorkflowDefinition,
    *,
    id: str,
    new_id: Callable[[], str],
    contexts: list[WorkflowContext],
    now: datetime,
) -> Workflow:
    at = iso_millis(now)
    flow: list[WorkflowSection | WorkflowStep] = []
    number = 0
    for name, names in definition.sections:
        section_id = f"section_{new_id()[:8]}"
        steps = []
        for step_name in names:
            number += 1
            automated = step_name.startswith("@")
            requirements = [StepRequirement(f"{definition.id}_{number - 1}")] if number > 1 else []
            steps.append(
                WorkflowStep(
                    id=new_id(),
                    definition_id=f"{definition.id}_{number}",
                    name="Acknowledge receipt" if automated else step_name,
                    execution_type="AUTOMATION" if automated else "MANUAL",
                    automation_config=StepAutomation(step_name[1:]) if automated else UNSET,
                    section_id=section_id if name else UNSET,
                    execution_id=id,
                    enabled=not requirements,
                    requirements=requirements,
                    created=at,
                    last_updated=at,
                )
            )
        if name:
            flow.append(
                WorkflowSection(id=section_id, definition_id=f"{definition.id}_{name[:5]}", name=name, steps=steps)
            )
        else:
            flow.extend(steps)
    workflow = Workflow(
        id=id,
        definition_id=definition.id,
        org_id=ORG,
        name=definition.name,
        creation_time=at,
        last_update_time=at,
        contexts=contexts,
        configured_closing_reason_snapshot=[
            ClosingReason(f"cr_{reason.split()[0].lower()}", reason) for reason in definition.reasons
        ],
        flow=flow,
    )
    workflow.advance(at)
    return workflow
