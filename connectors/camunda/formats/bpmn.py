"""The user tasks in a process's BPMN document.

Any user of the cluster may have deployed a document, so it is read as a stream, and one with a document type is refused.
"""

from xml.parsers import expat

from msgspec import Struct

from connectors.sdk import MalformedResponseError

NAMESPACE = "http://www.omg.org/spec/BPMN/20100524/MODEL"

# Between a namespace and a name; no name can contain it.
_SEPARATOR = "\n"
_PROCESS, _USER_TASK, _EXTENSIONS = (
    f"{NAMESPACE}{_SEPARATOR}{name}" for name in ("process", "userTask", "extensionElements")
)


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
    # The server stores and sends UTF-8, also if the document's first line names another encoding.
    parser = expat.ParserCreate("UTF-8", _SEPARATOR)
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = found.start
    parser.EndElementHandler = found.end
    try:
        parser.Parse(document, True)  # noqa: FBT003 the signature of expat
    except expat.ExpatError as error:
        raise MalformedResponseError(f"the BPMN document of process {process_id!r} is not readable as XML") from error
    except _DocumentTypeError as error:
        raise MalformedResponseError(f"the BPMN document of process {process_id!r} has a document type") from error
    if not found.has_process:
        raise MalformedResponseError(f"the BPMN document of process {process_id!r} does not contain it")
    return [UserTask(element_id=element_id, name=name) for element_id, name in found.names.items()]


class _DocumentTypeError(Exception):
    pass


def _refuse(name: str, system_id: str | None, public_id: str | None, has_internal_subset: bool) -> None:  # noqa: FBT001
    raise _DocumentTypeError


class _Search:
    """Collects user tasks while the parser runs.

    `_process` and `_extensions` are the depths of the process and the extensions that the parser is in; 0 is none.
    """

    def __init__(self, process_id: str) -> None:
        self.names: dict[str, str] = {}
        self.has_process = False
        self._process_id = process_id
        self._depth = self._process = self._extensions = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._extensions:
            return
        if name == _EXTENSIONS:
            self._extensions = self._depth
        elif name == _PROCESS and not self._process and attributes.get("id") == self._process_id:
            self._process = self._depth
            self.has_process = True
        elif name == _USER_TASK and self._process and (element_id := attributes.get("id")):
            self.names.setdefault(element_id, attributes.get("name") or element_id)

    def end(self, _: str) -> None:
        if self._depth == self._extensions:
            self._extensions = 0
        if self._depth == self._process:
            self._process = 0
        self._depth -= 1
