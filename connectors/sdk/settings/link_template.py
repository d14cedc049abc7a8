"""Links for people, which the configuration gives as a template."""

from typing import Annotated
from urllib.parse import quote

from pydantic import AfterValidator, Field


def _has_key(template: str) -> str:
    if template and "{key}" not in template:
        raise ValueError("a template must contain {key}")
    return template


LinkTemplate = Annotated[str, Field(pattern=r"^(https?://.*)?$"), AfterValidator(_has_key)]
"""An address of the web with `{key}`, or an empty text for no link."""


def link_of(template: str | None, key: str) -> str | None:
    """The address for one record; None without a template."""
    return template.replace("{key}", quote(key, safe="")) if template else None
