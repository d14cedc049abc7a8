"""Files that a page loads, read once and served from memory."""

import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

# Fixed here, because the types that a machine has registered for .js differ.
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that a page loads. `path` contains a digest: a path never changes its content."""

    content: bytes
    media_type: str
    digest: str
    path: str


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def asset(file: Path) -> Asset:
    content = file.read_bytes()
    return Asset(content, MEDIA_TYPES[file.suffix], digest(content), f"{digest(content)}/{file.name}")


class Assets:
    """Answers requests for files. A look-up among the files read at the start: no path reaches the disk."""

    def __init__(self, assets: Iterable[Asset]) -> None:
        self._by_path = {each.path: each for each in assets}

    async def response(self, request: Request) -> Response:
        """For a route with the parameter `path`."""
        asset = self._by_path.get(request.path_params["path"])
        if asset is None:
            return Response("There is no such file.\n", 404, {"Cache-Control": "no-store"}, "text/plain")
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable",
            "ETag": f'"{asset.digest}"',
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        content = asset.content
        if _takes_gzip(request) and len(packed := compressed(content)) < len(content):
            content = packed
            headers |= {"Content-Encoding": "gzip", "ETag": f'"{asset.digest}-gzip"'}
        if asset.digest in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(content, headers={**headers, "Content-Type": asset.media_type})


def _takes_gzip(request: Request) -> bool:
    accepted = request.headers.get("accept-encoding", "").replace(" ", "").lower().split(",")
    return any(each == "gzip" or (each.startswith("gzip;q=") and each.strip("0.") != "gzip;q=") for each in accepted)


@lru_cache(maxsize=128)
def compressed(content: bytes) -> bytes:
    """Once for each file: it is asked for before sign-in, so that its cost must not depend on how often."""
    return gzip.compress(content, compresslevel=6, mtime=0)
