"""Maestro's operations on process instances."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping

from starlette.responses import Response

from sandbox.uipath import answers
from sandbox.uipath.directory import FOLDERS, process_key
from sandbox.uipath.errors import RefusalError, pims
from sandbox.uipath.records import ENDED, Instance
from sandbox.uipath.requests import Call, body_of, guid_of

DEFAULT_PAGE = 50
MOST_PER_PAGE = 500

PAGE_SIZE, PACKAGE_MISSING, NOT_FOUND = 100048, 100049, 100042
# The vendor's numbers for these are unknown.
INVALID, WRONG_STATE = 100000, 100045
FOLDER_HEADER, FOLDER_PERMISSION = 150001, 150006


def list_instances(call: Call) -> Response:
    """List the instances of all folders that the caller may see, newest first. A folder header is ignored."""
    call.caller.needs("PIMS")
    asked = call.request.query_params
    size = _page_size(asked.get("pageSize"))
    if asked.get("packageVersion") and not asked.get("packageId"):
        raise pims(400, PACKAGE_MISSING, "packageId is required with packageVersion")
    found = [each for each in call.store.instances.values() if _wanted(each, call, asked)]
    found.sort(key=lambda each: (each.started, each.id), reverse=True)
    start = _start(asked.get("nextPage"))
    end = start + size
    following = urlsafe_b64encode(f"from:{end}".encode()).decode() if end < len(found) else None
    return answers.json_response(
        {"instances": [answers.instance_row(each) for each in found[start:end]], "nextPage": following}
    )


def get_instance(call: Call) -> Response:
    return answers.json_response(answers.instance_row(_instance(call)))


async def cancel_instance(call: Call) -> Response:
    return await _command(call, "cancel_flow", frozenset({"Running", "Paused", "Retrying"}), "Canceling", "Cancelled")


async def pause_instance(call: Call) -> Response:
    return await _command(call, "suspend_flow", frozenset({"Running"}), "Pausing", "Paused")


async def resume_instance(call: Call) -> Response:
    return await _command(call, "resume_flow", frozenset({"Paused"}), "Resuming", "Running")


async def _command(call: Call, action: str, states: frozenset[str], via: str, becomes: str) -> Response:
    """Accept a command for an instance in one of the states. It is carried out after the lag."""
    try:
        (await body_of(call.request)).text("comment")
    except RefusalError as refusal:
        raise pims(refusal.status, INVALID, refusal.message) from None
    instance = _instance(call)
    if instance.folder not in call.caller.edit:
        raise pims(403, FOLDER_PERMISSION, "The user has no permission to change instances in this folder")
    if instance.status not in states:
        ended = instance.status in ENDED
        raise pims(400, WRONG_STATE, f"The instance {'has ended' if ended else 'is ' + instance.status}")
    call.store.change_instance(instance, via, becomes, call.now, call.lag_ms)
    call.effect(action, instance.folder, instance.id)
    return answers.json_response({"instanceId": instance.id, "status": via})


def _instance(call: Call) -> Instance:
    call.caller.needs("PIMS")
    key = call.request.headers.get("x-uipath-folderkey", "")
    if not key:
        raise pims(400, FOLDER_HEADER, "Required header 'x-uipath-folderkey' is missing or empty")
    folder = next((each for each in FOLDERS.values() if each.key == key.lower()), None)
    if folder is None or folder.id not in call.caller.view:
        raise pims(403, FOLDER_PERMISSION, "The user has no permission in this folder")
    id = guid_of(call.parts[0])
    instance = None if id is None else call.store.instances.get(id)
    if instance is None or instance.folder != folder.id:
        raise pims(404, NOT_FOUND, "The instance was not found")
    return instance


def _wanted(instance: Instance, call: Call, asked: Mapping[str, str]) -> bool:
    return (
        instance.folder in call.caller.view
        and asked.get("processKey", "").lower() in ("", process_key(instance.package))
        and asked.get("packageId", "") in ("", instance.package)
        and asked.get("packageVersion", "") in ("", instance.version)
        and asked.get("errorCode", "") in ("", instance.error_code)
    )


def _page_size(text: str | None) -> int:
    if text is None:
        return DEFAULT_PAGE
    size = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    if not 1 <= size <= MOST_PER_PAGE:
        raise pims(400, PAGE_SIZE, f"The page size must be between 1 and {MOST_PER_PAGE}")
    return size


def _start(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(urlsafe_b64decode(token).decode().removeprefix("from:"))
    except ValueError:
        raise pims(400, INVALID, "nextPage is invalid") from None
