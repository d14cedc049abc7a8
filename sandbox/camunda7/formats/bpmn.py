"""The BPMN documents of the processes, as they are deployed to a real engine too."""

from html import escape
from itertools import pairwise

from sandbox.camunda7.definitions import Input, Process, Step


def document_of(process: Process) -> str:
    """Return the document without a diagram: the steps one after the other."""
    ids = ["start", *(step.id for step in process.steps), "end"]
    flows = "".join(
        f'<sequenceFlow id="flow{number}" sourceRef="{source}" targetRef="{target}"/>'
        for number, (source, target) in enumerate(pairwise(ids))
    )
    steps = "".join(map(_step, process.steps))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
        'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="http://example.com/processes">'
        f'<process id="{process.key}" name="{escape(process.name)}" isExecutable="true" '
        f'camunda:historyTimeToLive="P30D">{_start(process)}{steps}<endEvent id="end"/>{flows}'
        "</process></definitions>"
    )


def _start(process: Process) -> str:
    reference = f' camunda:formRef="{process.form_ref}" camunda:formRefBinding="latest"' if process.form_ref else ""
    return f'<startEvent id="start"{reference}>{_form_data(process.inputs)}</startEvent>'


def _step(step: Step) -> str:
    attributes = {
        "candidateGroups": ",".join(step.groups),
        "candidateUsers": ",".join(step.users),
        "priority": str(step.priority),
        "formKey": step.form_key or "",
        "formRef": step.form_ref or "",
        "formRefBinding": "latest" if step.form_ref else "",
    }
    given = " ".join(f'camunda:{name}="{escape(value)}"' for name, value in attributes.items() if value)
    told = f"<documentation>{escape(step.description)}</documentation>" if step.description else ""
    return f'<userTask id="{step.id}" name="{escape(step.name)}" {given}>{told}{_form_data(step.inputs)}</userTask>'


def _form_data(inputs: tuple[Input, ...]) -> str:
    if not inputs:
        return ""
    fields = "".join(map(_input, inputs))
    return f"<extensionElements><camunda:formData>{fields}</camunda:formData></extensionElements>"


def _input(each: Input) -> str:
    more = "".join(
        f' {name}="{escape(value)}"'
        for name, value in (("defaultValue", each.default), ("datePattern", each.pattern))
        if value is not None
    )
    options = "".join(f'<camunda:value id="{id}" name="{escape(label)}"/>' for id, label in each.options)
    rules = "".join(
        f'<camunda:constraint name="{name}"' + ("/>" if config is None else f' config="{config}"/>')
        for name, config in each.rules
    )
    checks = f"<camunda:validation>{rules}</camunda:validation>" if rules else ""
    return (
        f'<camunda:formField id="{each.id}" label="{escape(each.label)}" type="{each.type}"{more}>'
        f"{options}{checks}</camunda:formField>"
    )
