"""Checks requests and answers against an OpenAPI description (3.0 or 3.1)."""

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

_ROOT = "urn:description"


def read_yaml(text: str) -> Any:
    """By the C library where PyYAML has it: the descriptions have up to a megabyte, which takes seconds otherwise."""
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 both loaders are safe


class ApiDescription:
    """A description of a vendor's API. Raises `AssertionError` for anything that does not match it."""

    def __init__(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        document: dict[str, Any] = json.loads(text) if path.suffix == ".json" else read_yaml(text)
        self._openapi_30 = str(document["openapi"]).startswith("3.0")
        self._document: dict[str, Any] = self._translated(document)
        resource: Resource[Any] = Resource.from_contents(self._document, default_specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource(_ROOT, resource)
        self._validator = lru_cache(maxsize=None)(self._new_validator)
        self._fitting: set[tuple[tuple[str, ...], bytes]] = set()
        """Bodies that were checked already, by the place of their description. Tests send and get many of them again."""

    def check_response(self, method: str, template_path: str, status: int, body: bytes) -> None:
        """Check an answer; `template_path` is the key under `paths`, such as `/user-tasks/{userTaskKey}`."""
        operation = self._operation(method, template_path)
        responses = operation["responses"]
        name = next((each for each in (str(status), f"{status // 100}XX", "default") if each in responses), None)
        if name is None:
            raise AssertionError(f"{method} {template_path} does not document status {status}")
        pointer = (*self._pointer(method, template_path), "responses", name)
        self._check_content(pointer, body, f"{method} {template_path} -> {status}")

    def check_request(self, method: str, template_path: str, body: bytes) -> None:
        """Check the body of a request; an absent body fits unless it is required."""
        operation = self._operation(method, template_path)
        what = f"{method} {template_path}"
        if "requestBody" not in operation:
            if body:
                raise AssertionError(f"{what} takes no body")
            return
        pointer = (*self._pointer(method, template_path), "requestBody")
        if not body and not self._resolved(pointer)[1].get("required", False):
            return
        self._check_content(pointer, body, what)

    def _check_content(self, pointer: tuple[str, ...], body: bytes, what: str) -> None:
        pointer, described = self._resolved(pointer)
        media_types = [name for name in described.get("content", {}) if "json" in name]
        if not media_types:
            if body:
                raise AssertionError(f"{what}: no body is described, there is {body[:200]!r}")
            return
        if (pointer, body) in self._fitting:
            return
        try:
            instance = json.loads(body)
        except ValueError as error:
            raise AssertionError(f"{what}: not JSON: {body[:200]!r}") from error
        wrong = [
            f"{error.json_path}: {error.message[:300]}"
            for name in media_types
            if "schema" in described["content"][name]
            for error in self._validator((*pointer, "content", name, "schema")).iter_errors(instance)
        ]
        if wrong:
            raise AssertionError(f"{what}: " + "; ".join(wrong[:5]))
        self._fitting.add((pointer, body))

    def _operation(self, method: str, template_path: str) -> dict[str, Any]:
        try:
            operation: dict[str, Any] = self._document["paths"][template_path][method.lower()]
        except KeyError:
            raise AssertionError(f"{method} {template_path} is not described") from None
        return operation

    @staticmethod
    def _pointer(method: str, template_path: str) -> tuple[str, ...]:
        return ("paths", template_path, method.lower())

    def _resolved(self, pointer: tuple[str, ...]) -> tuple[tuple[str, ...], dict[str, Any]]:
        """Follow references that replace a response or request body."""
        node: Any = self._document
        for part in pointer:
            node = node[part]
        if "$ref" in node:
            parts = node["$ref"].removeprefix("#/").split("/")
            return self._resolved(tuple(part.replace("~1", "/").replace("~0", "~") for part in parts))
        return pointer, node

    def _new_validator(self, pointer: tuple[str, ...]) -> jsonschema.Draft202012Validator:
        fragment = "/".join(part.replace("~", "~0").replace("/", "~1") for part in pointer)
        # Spaces and braces in a fragment must be encoded.
        quoted = re.sub(r"[^\w~/.\-]", lambda match: f"%{ord(match[0]):02X}", fragment)
        return jsonschema.Draft202012Validator(
            {"$ref": f"{_ROOT}#/{quoted}"},
            registry=self._registry,
            format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
        )

    def _translated(self, node: Any) -> Any:
        """Convert the dialect of 3.0 to JSON Schema, and leave out patterns that Python's `re` does not support."""
        if isinstance(node, list):
            return [self._translated(each) for each in node]
        if not isinstance(node, dict):
            return node
        new = {name: self._translated(value) for name, value in node.items()}
        if isinstance(new.get("pattern"), str) and r"\p{" in new["pattern"]:
            del new["pattern"]
        if not self._openapi_30:
            return new
        # Camunda's alternatives overlap: a key matches every kind of key, `{"limit": 1}` matches two forms of a page.
        if "oneOf" in new:
            new["anyOf"] = new.pop("oneOf")
        for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if isinstance(new.get(exclusive), bool) and new.pop(exclusive):
                new[exclusive] = new.pop(bound)
        # In 3.0, `allOf` beside `additionalProperties: false` is meant to close the whole.
        if new.get("additionalProperties") is False and "allOf" in new:
            del new["additionalProperties"]
            new["unevaluatedProperties"] = False
        if new.pop("nullable", False) is True:
            return {"anyOf": [{"type": "null"}, new]}
        return new
