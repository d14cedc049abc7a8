"""The BPMN documents of the deployed processes."""

from collections.abc import Mapping, Sequence
from itertools import count
from types import MappingProxyType
from xml.etree import ElementTree as ET

from sandbox.camunda.definitions import (
    BY_ID,
    DEFINITIONS,
    FORMS,
    START_FORMS,
    CallActivity,
    Process,
    Step,
    deployed_listeners,
)
from sandbox.camunda.records import ProcessDefinition

_BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
_ZEEBE = "http://camunda.org/schema/zeebe/1.0"
_MODELER = "http://camunda.org/schema/modeler/1.0"
for _prefix, _namespace in (("bpmn", _BPMN), ("zeebe", _ZEEBE), ("modeler", _MODELER)):
    ET.register_namespace(_prefix, _namespace)


def document_of(definition: ProcessDefinition) -> bytes | None:
    """Return the document as the Modeler writes it, without a diagram. None: not the latest version, so it is not kept."""
    if DEFINITIONS[definition.process_definition_id] != definition:
        return None
    root = ET.Element(
        _bpmn("definitions"),
        {
            "id": f"Definitions_{definition.process_definition_id}",
            "targetNamespace": "http://bpmn.io/schema/bpmn",
            f"{{{_MODELER}}}executionPlatform": "Camunda Cloud",
            f"{{{_MODELER}}}executionPlatformVersion": "8.8.0",
        },
    )
    attributes = {"id": definition.process_definition_id, "name": definition.name, "isExecutable": "true"}
    _Diagram(ET.SubElement(root, _bpmn("process"), attributes)).draw(BY_ID[definition.process_definition_id])
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return document


class _Diagram:
    """Writes the elements of a process. A stage of several elements is between two parallel gateways."""

    def __init__(self, process: ET.Element) -> None:
        self._process = process
        self._gateways, self._flows = count(1), count(1)

    def draw(self, process: Process) -> None:
        form = START_FORMS.get(process.id)
        linked = [] if form is None else [_zeebe("formDefinition", {"formId": form.form_id})]
        last = self._node("startEvent", "StartEvent_1", extensions=linked)
        for stage in process.stages:
            elements = [self._element(each) for each in stage]
            if len(elements) == 1:
                self._flow(last, elements[0])
                last = elements[0]
                continue
            fork, join = self._gateway(), self._gateway()
            self._flow(last, fork)
            for element in elements:
                self._flow(fork, element)
                self._flow(element, join)
            last = join
        self._flow(last, self._node("endEvent", "EndEvent_1"))

    def _element(self, element: Step | CallActivity) -> str:
        if isinstance(element, CallActivity):
            called = {"processId": element.process_id, "propagateAllChildVariables": "true"}
            return self._node("callActivity", element.element_id, extensions=[_zeebe("calledElement", called)])
        return self._node("userTask", element.element_id, element.name, _extensions(element))

    def _gateway(self) -> str:
        return self._node("parallelGateway", f"Gateway_{next(self._gateways)}")

    def _node(self, kind: str, id: str, name: str | None = None, extensions: Sequence[ET.Element] = ()) -> str:
        attributes = {"id": id} if name is None else {"id": id, "name": name}
        node = ET.SubElement(self._process, _bpmn(kind), attributes)
        if extensions:
            ET.SubElement(node, _bpmn("extensionElements")).extend(extensions)
        return id

    def _flow(self, source: str, target: str) -> None:
        attributes = {"id": f"Flow_{next(self._flows)}", "sourceRef": source, "targetRef": target}
        ET.SubElement(self._process, _bpmn("sequenceFlow"), attributes)


def _extensions(step: Step) -> list[ET.Element]:
    extensions = [
        _zeebe("userTask"),
        _zeebe("assignmentDefinition", {"candidateGroups": ", ".join(step.groups)}),
    ]
    if step.external_form is not None:
        extensions.append(_zeebe("formDefinition", {"externalReference": step.external_form}))
    elif step.element_id in FORMS:
        extensions.append(_zeebe("formDefinition", {"formId": FORMS[step.element_id].form_id}))
    events = [event for element_id, event in deployed_listeners() if element_id == step.element_id]
    if events:
        listeners = _zeebe("taskListeners")
        listeners.extend(
            _zeebe("taskListener", {"eventType": event.lower(), "type": f"{step.element_id}-listener"})
            for event in events
        )
        extensions.append(listeners)
    return extensions


def _bpmn(name: str) -> str:
    return f"{{{_BPMN}}}{name}"


def _zeebe(name: str, attributes: Mapping[str, str] = MappingProxyType({})) -> ET.Element:
    return ET.Element(f"{{{_ZEEBE}}}{name}", dict(attributes))
