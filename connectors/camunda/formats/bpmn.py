"""The user tasks and the embedded start form in a process's BPMN document.

Any user of the cluster may have deployed a document, so it is read as a stream, and one with a document type is refused.
"""

from xml.parsers import expat

from msgspec import Struct

from connectors.sdk import MalformedResponseError

NAMESPACE = "http://www.omg.org/spec/BPMN/20100524/MODEL"

# Between a namespace and a name; no name can contain it.
_SEPARATOR = "\n"
_PROCESS, _START, _USER_TASK, _EXTENSIONS = (
    f"{NAMESPACE}{_SEPARATOR}{name}" for name in ("process", "startEvent", "userTask", "extensionElements")
)
_FORM, _EMBEDDED_FORM = (
    f"http://camunda.org/schema/zeebe/1.0{_SEPARATOR}{name}" for name in ("formDefinition", "userTaskForm")
)
# Before the id of a form in the document itself.
_EMBEDDED = "camunda-forms:bpmn:"


class UserTask(Struct, frozen=True, kw_only=True):
    """`name` is the id if the element has no name: tasks created from it are called so."""

    element_id: str
    name: str


def user_tasks(document: bytes, process_id: str) -> list[UserTask]:
    """The user tasks of one process and its subprocesses, in the order of the document; of elements with one id the first.

    A document may contain further processes. MalformedResponseError if it is not XML, has a document type (it needs none,
    and a document type may define entities without bounds) or does not contain the process.
    """
    found = _Search(process_id)
    _parse(document, found)
    return [UserTask(element_id=element_id, name=name) for element_id, name in found.names.items()]


def embedded_start_form(document: bytes, process_id: str) -> str | None:
    """The form-js document, as text, that is embedded for the start event of a process; None if there is none.

    MalformedResponseError as for user tasks, and if the start event names a form that the document does not contain.
    """
    found = _Search(process_id)
    _parse(document, found)
    keys = [form_key for form_key, is_plain in found.starts if is_plain and form_key.startswith(_EMBEDDED)]
    if not keys:
        return None
    form = found.forms.get(keys[0].removeprefix(_EMBEDDED))
    if form is None:
        raise MalformedResponseError(f"the BPMN document of process {process_id!r} does not contain its start form")
    return "".join(form)


def _parse(document: bytes, found: "_Search") -> None:
    # The server stores and sends UTF-8, also if the document's first line names another encoding.
    parser = expat.ParserCreate("UTF-8", _SEPARATOR)
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = found.start
    parser.EndElementHandler = found.end
    parser.CharacterDataHandler = found.text
    try:
        parser.Parse(document, True)  # noqa: FBT003 the signature of expat
    except expat.ExpatError as error:
        raise MalformedResponseError(
            f"the BPMN document of process {found.process_id!r} is not readable as XML"
        ) from error
    except _DocumentTypeError as error:
        raise MalformedResponseError(
            f"the BPMN document of process {found.process_id!r} has a document type"
        ) from error
    if not found.has_process:
        raise MalformedResponseError(f"the BPMN document of process {found.process_id!r} does not contain it")


class _DocumentTypeError(Exception):
    pass


def _refuse(name: str, system_id: str | None, public_id: str | None, has_internal_subset: bool) -> None:  # noqa: FBT001
    raise _DocumentTypeError


class _Search:
    """Collects user tasks, start events of the process itself, and embedded forms, while the parser runs.

    `_process`, `_extensions`, `_start` and `_form` are the depths of the process, the extensions, the start event and the
    embedded form that the parser is in; 0 is none.
    """

    def __init__(self, process_id: str) -> None:
        self.process_id = process_id
        self.names: dict[str, str] = {}
        self.starts: list[tuple[str, bool]] = []
        """The form key of each start event, and whether it waits for nothing: no message, timer or signal."""
        self.forms: dict[str, list[str]] = {}
        """The pieces of each embedded form, by its id."""
        self.has_process = False
        self._depth = self._process = self._extensions = self._start = self._form = 0
        self._form_id = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._extensions:
            self._extend(name, attributes)
        elif name == _EXTENSIONS:
            self._extensions = self._depth
        elif name == _PROCESS and not self._process and attributes.get("id") == self.process_id:
            self._process = self._depth
            self.has_process = True
        elif name == _START and self._process and self._depth == self._process + 1:
            self._start = self._depth
            self.starts.append(("", True))
        elif self._start and name.endswith("EventDefinition"):
            self.starts[-1] = (self.starts[-1][0], False)
        elif name == _USER_TASK and self._process and (element_id := attributes.get("id")):
            self.names.setdefault(element_id, attributes.get("name") or element_id)

    def _extend(self, name: str, attributes: dict[str, str]) -> None:
        """Within extensions: the form of a start event, and the forms of the process."""
        if self._depth != self._extensions + 1 or not self._process:
            return
        if name == _FORM and self._start:
            self.starts[-1] = (attributes.get("formKey", ""), self.starts[-1][1])
        elif name == _EMBEDDED_FORM and self._extensions == self._process + 1 and not self._start:
            self._form, self._form_id = self._depth, attributes.get("id", "")
            self.forms[self._form_id] = []

    def text(self, characters: str) -> None:
        if self._form:
            self.forms[self._form_id].append(characters)

    def end(self, _: str) -> None:
        if self._depth == self._form:
            self._form = 0
        if self._depth == self._extensions:
            self._extensions = 0
        if self._depth == self._start:
            self._start = 0
        if self._depth == self._process:
            self._process = 0
        self._depth -= 1
