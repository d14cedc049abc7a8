"""Options of commands, and the vendor's limits of texts (in characters, from Orchestrator's API description)."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from connectors.sdk import (
    AddComment,
    Assign,
    NoOptions,
    Options,
    SetTags,
    TaskCommand,
    Update,
    ValidationFailedError,
    parse_options,
)
from connectors.uipath.ids import number
from connectors.uipath.mapping import NAMES_OF_PRIORITIES

LONGEST_TITLE = 512
LONGEST_NOTE = 512
LONGEST_TAG = 256
LONGEST_NAME = 256

_NOT_BLANK = r"\S"
_Note = Annotated[str, Meta(max_length=LONGEST_NOTE, pattern=_NOT_BLANK)]
_CatalogName = Annotated[str, Meta(max_length=50, pattern=_NOT_BLANK)]
_ExternalTag = Annotated[str, Meta(max_length=512, pattern=_NOT_BLANK)]
_OperationId = Annotated[str, Meta(max_length=128, pattern=_NOT_BLANK)]


class AssignToGroupOptions(Options, frozen=True, kw_only=True):
    """AllUsers: every member may claim the task. Workload, RoundRobin: the vendor assigns it to one member.

    The vendor's other criteria, SingleUser and Hierarchy, are not for groups.
    """

    criteria: Literal["AllUsers", "Workload", "RoundRobin"] = "AllUsers"


class UpdateOptions(Options, frozen=True, kw_only=True, rename="camel"):
    """`noteText`: a comment with the change."""

    note_text: _Note | UnsetType = UNSET


class CreateTaskOptions(Options, frozen=True, kw_only=True, rename="camel"):
    """`folderId` as number or text; not needed if the source has one folder only. Other options are sent as given."""

    folder_id: str | int | None = None
    task_catalog_name: _CatalogName | UnsetType = UNSET
    external_tag: _ExternalTag | UnsetType = UNSET
    parent_operation_id: _OperationId | UnsetType = UNSET

    def folder(self, configured: tuple[int, ...]) -> int:
        """The id of the new task's folder. `configured` are the folders of the source, empty if all are."""
        if self.folder_id is None and len(configured) == 1:
            return configured[0]
        folder = number(str(self.folder_id))
        if folder is None or (configured and folder not in configured):
            raise ValidationFailedError(
                "folderId must be the id of a folder of this source", field=("options", "folderId")
            )
        return folder

    def to_wire(self) -> dict[str, object]:
        """The given options under the vendor's names, without the folder."""
        given = {
            "taskCatalogName": self.task_catalog_name,
            "externalTag": self.external_tag,
            "parentOperationId": self.parent_operation_id,
        }
        return {name: value for name, value in given.items() if value is not UNSET}


def metadata_of(command: Update) -> dict[str, str]:
    """The changes of an update, under the vendor's names."""
    if command.clear:
        raise ValidationFailedError("neither title nor priority can be cleared", field=("clear",))
    changes: dict[str, str] = {}
    if command.title is not None:
        changes["Title"] = bounded(command.title, LONGEST_TITLE, "title")
    if command.priority is not None:
        changes["Priority"] = NAMES_OF_PRIORITIES[command.priority]
    note = parse_options(command.options, UpdateOptions).note_text
    if note is not UNSET:
        changes["NoteText"] = note
    elif command.reason is not None:
        changes["NoteText"] = bounded(command.reason, LONGEST_NOTE, "reason")
    if not changes:
        raise ValidationFailedError("the update changes nothing")
    return changes


def check_arguments(command: TaskCommand) -> None:
    """ValidationFailedError for what Orchestrator takes for no task."""
    match command:
        case Update():
            metadata_of(command)
        case SetTags():
            for tag in command.tags:
                for text in (tag.name, tag.label or tag.name, tag.value or tag.name):
                    bounded(text, LONGEST_TAG, "tags")
        case AddComment():
            bounded(command.text[command.added :], LONGEST_NOTE - command.added, "text")
        case Assign(group_id=None):
            parse_options(command.options, NoOptions)
            assignee_name(command.user_id, "userId")
        case Assign():
            parse_options(command.options, AssignToGroupOptions)
            assignee_name(command.group_id, "groupId")
        case _:
            pass


def bounded(text: str, longest: int, field: str) -> str:
    """`text`; ValidationFailedError if it is blank or has more than `longest` characters."""
    if not text.strip() or len(text) > longest:
        raise ValidationFailedError(f"{field} must have 1 to {longest} characters", field=(field,))
    return text


def assignee_name(native_id: str | None, field: str) -> str:
    """The id or name of an assignee; ValidationFailedError if it is empty or longer than `LONGEST_NAME`."""
    if not native_id or len(native_id) > LONGEST_NAME:
        raise ValidationFailedError(f"{field} must have 1 to {LONGEST_NAME} characters", field=(field,))
    return native_id
