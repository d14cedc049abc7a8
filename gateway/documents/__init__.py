"""Documents that clients name instead of sending their text.

manifest   trusted documents: files that a company's own build writes, in the formats of Apollo and Relay
automatic  what clients registered by hash (automatic persisted queries), in a bounded store
lookup     the text of what a request names, and whether it is served
"""

from gateway.documents.automatic import AutomaticDocuments, sha256_of
from gateway.documents.lookup import (
    DocumentLookup,
    DocumentRefusedError,
    HashMismatchError,
)
from gateway.documents.manifest import (
    NO_DOCUMENTS,
    ManifestError,
    TrustedDocuments,
    read_manifests,
)

__all__ = [
    "NO_DOCUMENTS",
    "AutomaticDocuments",
    "DocumentLookup",
    "DocumentRefusedError",
    "HashMismatchError",
    "ManifestError",
    "TrustedDocuments",
    "read_manifests",
    "sha256_of",
]
