"""Ids of tasks and flows, and the definition keys that this connector builds from names."""

import re

_NATIVE_ID = re.compile(r"[0-9]{1,30}")


def is_native_id(text: str) -> bool:
    """Whether `text` has the form of an id: the vendor's ids are decimal numbers of up to 64 bits."""
    return _NATIVE_ID.fullmatch(text) is not None


def definition_key(workflow: str, step: str | None) -> str:
    """The key of a task definition. Rows name no definition id, so the two names make the key.

    A slash or percent sign within a name is escaped, so that different names never make the same key.
    """
    names = (workflow,) if step is None else (workflow, step)
    return "/".join(name.replace("%", "%25").replace("/", "%2F") for name in names)


def workflow_of(key: str) -> str:
    """The workflow's name in a definition key."""
    return key.split("/", 1)[0].replace("%2F", "/").replace("%25", "%")
