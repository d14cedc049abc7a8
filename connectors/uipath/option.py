"""Texts and options that people give, within the vendor's bounds."""

from collections.abc import Mapping

from connectors.sdk import ValidationFailedError
from connectors.uipath.native_id import number

# Characters, from Orchestrator's description.
LONGEST_TITLE = 512
LONGEST_NOTE = 512
LONGEST_TAG = 256

# Options of a new task beside its folder, by their name in the request: the longest text.
CREATE = {"taskCatalogName": 50, "externalTag": 512, "parentOperationId": 128}
UPDATE = {"noteText": LONGEST_NOTE}


def bounded(text: str, longest: int, field: str) -> str:
    if not text.strip() or len(text) > longest:
        raise ValidationFailedError(f"{field} has 1 to {longest} characters", field=(field,))
    return text


def texts(options: Mapping[str, object] | None, known: Mapping[str, int]) -> dict[str, str]:
    """The texts given; unknown names, other values and too long texts are refused."""
    found: dict[str, str] = {}
    for name, value in (options or {}).items():
        if name not in known:
            listed = ", ".join(known) or "none"
            raise ValidationFailedError(f"there is no option {name!r} here; there is {listed}", field=("options", name))
        if not isinstance(value, str):
            raise ValidationFailedError(f"the option {name} is a text", field=("options", name))
        found[name] = bounded(value, known[name], name)
    return found


def take_folder(options: dict[str, object], configured: tuple[int, ...]) -> int:
    """The option folderId, taken out; not needed where the source has exactly one folder."""
    given = options.pop("folderId", None)
    if given is None and len(configured) == 1:
        return configured[0]
    folder = number(str(given)) if isinstance(given, (str, int)) and not isinstance(given, bool) else None
    if folder is None or (configured and folder not in configured):
        raise ValidationFailedError("folderId is the id of a folder of this source", field=("options", "folderId"))
    return folder
