"""The user tasks and the start event in a process's BPMN document, and their form data.

Any user of the engine may have deployed a document, so it is read as a stream, and one with a document type is refused.
Operaton reads the namespace of Camunda too.
"""

from xml.parsers import expat

from msgspec import Struct, field

from connectors.sdk import MalformedResponseError

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
EXTENSIONS = ("http://camunda.org/schema/1.0/bpmn", "http://operaton.org/schema/1.0/bpmn")

# Between a namespace and a name; no name can contain it.
_SEPARATOR = "\n"


class FormInput(Struct, kw_only=True):
    """A field of form data. `options` are ids with labels, `rules` names of constraints with their values."""

    id: str
    type: str
    label: str | None = None
    default: str | None = None
    pattern: str | None = None
    options: list[tuple[str, str]] = field(default_factory=list)
    rules: dict[str, str | None] = field(default_factory=dict)


class UserTask(Struct, kw_only=True):
    """`name` is the id if the element has no name."""

    element_id: str
    name: str
    inputs: list[FormInput] = field(default_factory=list)


def user_tasks(document: bytes, process_key: str) -> list[UserTask]:
    """The user tasks of one process and its subprocesses, in the order of the document; of elements with one id the first.

    MalformedResponseError if it is not XML, has a document type, or does not contain the process.
    """
    return list(_read(document, process_key).tasks.values())


def start_inputs(document: bytes, process_key: str) -> list[FormInput]:
    """The form data of the start event that a start by a request begins at: it waits for no message, timer or signal.

    Raises as `user_tasks`.
    """
    return _read(document, process_key).start_inputs


def _read(document: bytes, process_key: str) -> "_Search":
    found = _Search(process_key)
    parser = expat.ParserCreate("UTF-8", _SEPARATOR)
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = found.start
    parser.EndElementHandler = found.end
    try:
        parser.Parse(document, True)  # noqa: FBT003 the signature of expat
    except expat.ExpatError as error:
        raise MalformedResponseError(f"the BPMN document of process {process_key!r} is not readable as XML") from error
    except _DocumentTypeError as error:
        raise MalformedResponseError(f"the BPMN document of process {process_key!r} has a document type") from error
    if not found.has_process:
        raise MalformedResponseError(f"the BPMN document of process {process_key!r} does not contain it")
    return found


class _DocumentTypeError(Exception):
    pass


def _refuse(name: str, system_id: str | None, public_id: str | None, has_internal_subset: bool) -> None:  # noqa: FBT001
    raise _DocumentTypeError


class _Search:
    """Collects form data while the parser runs. `_path` has the names of the elements that it is in.

    `_inputs` takes the form data of the user task or start event that the parser is in.
    """

    def __init__(self, process_key: str) -> None:
        self.tasks: dict[str, UserTask] = {}
        self.start_inputs: list[FormInput] = []
        self.has_process = False
        self._key = process_key
        self._path: list[tuple[str, str]] = []
        self._process = 0
        self._inputs: list[FormInput] | None = None
        self._waits = False
        self._input: FormInput | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(_SEPARATOR)
        self._path.append((space, local))
        if space == BPMN and not self._process and local == "process" and attributes.get("id") == self._key:
            self._process = len(self._path)
            self.has_process = True
        elif space == BPMN and local == "userTask" and self._process and (id := attributes.get("id")):
            made = UserTask(element_id=id, name=attributes.get("name") or id)
            self._inputs = self.tasks.setdefault(id, made).inputs
        elif space == BPMN and local == "startEvent" and self._process and len(self._path) == self._process + 1:
            self._inputs, self._waits = [], False
        elif space == BPMN and local.endswith("EventDefinition"):
            self._waits = True
        elif space in EXTENSIONS and self._inputs is not None:
            self._extension(local, attributes)

    def end(self, _: str) -> None:
        space, local = self._path[-1]
        if space == BPMN and local == "userTask":
            self._inputs = None
        if space == BPMN and local == "startEvent" and self._inputs is not None:
            if not self._waits:
                self.start_inputs = self._inputs
            self._inputs = None
        if space in EXTENSIONS and local == "formField":
            self._input = None
        if len(self._path) == self._process:
            self._process = 0
        self._path.pop()

    def _extension(self, local: str, attributes: dict[str, str]) -> None:
        if local == "formField" and self._inputs is not None and (id := attributes.get("id")):
            self._input = FormInput(
                id=id,
                type=attributes.get("type", ""),
                label=attributes.get("label"),
                default=attributes.get("defaultValue"),
                pattern=attributes.get("datePattern"),
            )
            self._inputs.append(self._input)
        elif self._input is None:
            return
        elif local == "value" and (id := attributes.get("id")):
            self._input.options.append((id, attributes.get("name") or id))
        elif local == "constraint" and (rule := attributes.get("name")):
            self._input.rules[rule] = attributes.get("config")
