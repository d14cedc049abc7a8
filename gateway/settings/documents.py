"""`[gateway.documents]`: documents that clients name instead of sending their text."""

from pathlib import Path

from connectors.sdk.settings import Section


class DocumentsSettings(Section):
    """`manifests` are files with trusted documents, in the formats of Apollo and Relay; a relative path starts at the
    configuration's folder. With `only_trusted` no other document is served. `automatic`: clients may register a document
    by its SHA-256 and name it by that from then on.
    """

    manifests: tuple[Path, ...] = ()
    only_trusted: bool = False
    automatic: bool = True
