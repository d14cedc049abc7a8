import json
from pathlib import Path
from typing import Any

import pytest

from gateway.documents import ManifestError, TrustedDocuments, read_manifests, sha256_of

TEXT = "query A { __typename }"
APOLLO = {
    "format": "apollo-persisted-query-manifest",
    "version": 1,
    "operations": [{"id": sha256_of(TEXT), "name": "A", "type": "query", "body": TEXT}],
}


def read(folder: Path, *manifests: Any) -> TrustedDocuments:
    paths = []
    for number, manifest in enumerate(manifests):
        path = folder / f"{number}.json"
        path.write_text(manifest if isinstance(manifest, str) else json.dumps(manifest), encoding="utf-8")
        paths.append(path)
    return read_manifests(paths)


@pytest.mark.parametrize(("manifest", "name"), [(APOLLO, sha256_of(TEXT)), ({"0a1b": TEXT}, "0a1b")])
def test_both_formats_give_texts_by_id(tmp_path: Path, manifest: Any, name: str) -> None:
    """Apollo's and Relay's. Each text is also found by its hash."""
    documents = read(tmp_path, manifest)

    assert [TEXT, TEXT, None] == [documents.find(each) for each in (name, sha256_of(TEXT), "other")]
    assert [True, False] == [documents.has(text) for text in (TEXT, f"{TEXT} ")]


def test_several_files_are_one_list(tmp_path: Path) -> None:
    """The same id twice with the same text is no fault."""
    documents = read(tmp_path, APOLLO, {"r": "{ __typename }"}, APOLLO)

    assert len(documents) == 2
    assert documents == read(tmp_path, APOLLO, {"r": "{ __typename }"})
    assert documents != read(tmp_path, APOLLO)


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        ("{", "is not JSON in UTF-8"),
        ("[" * 100_000, "is not JSON in UTF-8"),
        ([], "is no manifest"),
        ({"a": 1}, "is no manifest"),
        ({"a": ""}, "has an empty id or an empty document"),
        ({"": TEXT}, "has an empty id or an empty document"),
        ({**APOLLO, "version": 2}, "has version 2 of Apollo's format; 1 is known"),
        ({**APOLLO, "operations": [{"id": "a"}]}, "is no manifest of Apollo's format"),
        ({sha256_of(TEXT): "{ other: __typename }"}, "has another document with the id"),
    ],
)
def test_a_file_that_is_no_manifest_is_named(tmp_path: Path, manifest: Any, told: str) -> None:
    """With its place in the list."""
    with pytest.raises(ManifestError, match=r"1\.json") as raised:
        read(tmp_path, APOLLO, manifest)

    assert told in str(raised.value)
    assert raised.value.place == 1


def test_a_missing_file_and_too_many_documents_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds: bytes of a file, and documents in all."""
    with pytest.raises(ManifestError, match="cannot be read: No such file"):
        read_manifests([tmp_path / "absent.json"])
    monkeypatch.setattr("gateway.documents.manifest.MOST_DOCUMENTS", 1)
    with pytest.raises(ManifestError, match="one document too many"):
        read(tmp_path, {"a": TEXT, "b": TEXT})
    monkeypatch.setattr("gateway.documents.manifest.LARGEST_FILE", 10)
    with pytest.raises(ManifestError, match="is larger than 10 bytes"):
        read(tmp_path, APOLLO)
