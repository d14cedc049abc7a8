"""The inbox page and the files that it loads, all served from memory."""

import base64
import hashlib
import html
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.graphiql import (
    MEDIA_TYPES,
    Asset,
    Assets,
    Login,
    digest,
    entrance,
    is_complete,
    names,
    no_logins,
    offered,
    origins,
    route,
    script_data,
)
from gateway.settings import Settings

HERE = Path(__file__).parent
FOLDER = HERE / "npm"
_SHARED = ("favicon.svg", "sign_in.js")  # GraphiQL's page has them too
_SLOT = re.compile(r"\{\{(.+?)\}\}")
# What the modules call the packages.
_PACKAGES = {
    "preact": "preact.mjs",
    "preact/hooks": "hooks.mjs",
    "htm": "htm.mjs",
    "@preact/signals": "signals.mjs",
    "@preact/signals-core": "signals-core.mjs",
}
_FONT = "inter-latin-wght-normal.woff2"
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self' 'sha256-{imports}'",  # the import map stands in the page
    "connect-src": "'self'{providers}",  # where the page gets its token
    "style-src": "'self'",
    "font-src": "'self'",
    "img-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "{embedders}",
}
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept, Accept-Language",
    "X-Content-Type-Options": "nosniff",
}


class Inbox:
    """Reads the files once, when it is built. Without npm's files in `folder`, the page says how to get them.

    `logins` tells, for each response, at which identity providers people can sign in now. `has_graphiql`: the menu leads to it.
    """

    def __init__(
        self,
        settings: Settings,
        folder: Path = FOLDER,
        *,
        logins: Callable[[], Sequence[Login]] = no_logins,
        has_graphiql: bool = True,
    ) -> None:
        self._logins, self._has_graphiql = logins, has_graphiql
        self._settings = settings
        is_whole = is_complete(folder, HERE)
        contents = dict(_contents(folder if is_whole else None))
        # One digest for all, because modules name each other by relative paths.
        whole = digest(b"".join(name.encode() + content for name, content in sorted(contents.items())))
        assets = [
            Asset(content, MEDIA_TYPES[Path(name).suffix], digest(content), f"files/{whole}/{name}")
            for name, content in contents.items()
        ]
        self.languages = tuple(sorted(Path(name).stem for name in contents if name.startswith("texts/")))
        self._at = f"inbox/files/{whole}/"
        self._style = self._own_style(settings)
        if self._style is not None:
            assets.append(self._style)
        self._imports = orjson.dumps(
            {"imports": {package: f"./{self._at}npm/{file}" for package, file in _PACKAGES.items()}}
        ).decode()
        modules = [name for name in contents if name.endswith((".js", ".mjs")) and not name.startswith("texts/")]
        self._preloads = [name for name in modules if name != "sign_in.js"]
        self._template = (HERE / ("page.html" if is_whole else "missing.html")).read_text(encoding="utf-8")
        self._names = names(settings)
        self.assets: Sequence[Asset] = assets
        self.routes = (
            route(lambda: self._names, folder="inbox", page="inbox"),
            Route("/inbox/{path:path}", Assets(assets).response, methods=["GET"]),
            Route("/inbox", self.response, methods=["GET"]),
        )

    def change(self, settings: Settings) -> None:
        """Other people and providers from now on."""
        self._settings, self._names = settings, names(settings)

    async def response(self, request: Request) -> Response:
        logins = self._logins()
        language = self._language(request.headers.get("accept-language", ""))
        config = {
            **entrance(self._settings),
            # Two addresses lead to the page; providers send people back to one.
            "logins": [{**each, "page": "inbox"} for each in offered(logins, self._names)],
            "languages": self.languages,
            "hasGraphiql": self._has_graphiql,
        }
        slots = {
            "config": script_data(config),
            "language": language,
            "at": self._at,
            "imports": self._imports,
            "preloads": "\n".join(
                f'<link rel="modulepreload" href="{self._at}{name}">'
                for name in (*self._preloads, f"texts/{language}.js")
            ),
            "font": f"{self._at}npm/{_FONT}",
            "style": f'<link rel="stylesheet" href="inbox/{self._style.path}">' if self._style else "",
            "address": html.escape(str(request.url.replace(path="/graphql", query=""))),
        }
        page = _SLOT.sub(lambda slot: slots[slot[1]], self._template)
        embedders = self._settings.gateway.inbox_embedders
        policy = "; ".join(f"{what} {whence}" for what, whence in _POLICY.items()).format(
            imports=base64.b64encode(hashlib.sha256(self._imports.encode()).digest()).decode(),
            providers="".join(f" {origin}" for origin in origins(logins)),
            embedders=" ".join(embedders) or "'none'",
        )
        return Response(page, headers={**_HEADERS, "Content-Security-Policy": policy}, media_type="text/html")

    def _language(self, accepted: str) -> str:
        """The first language of the header that there are texts for. The page itself asks the browser and the person."""
        wanted = (each.partition(";")[0].strip().lower().partition("-")[0] for each in accepted.split(","))
        return next((each for each in wanted if each in self.languages), "en")

    @staticmethod
    def _own_style(settings: Settings) -> Asset | None:
        file = settings.gateway.inbox_style
        if file is None:
            return None
        content = file.read_bytes()
        return Asset(content, MEDIA_TYPES[".css"], digest(content), f"style/{digest(content)}.css")


def _contents(npm: Path | None) -> Iterator[tuple[str, bytes]]:
    """Each file that the page loads, by its name in addresses."""
    for file in sorted(HERE.rglob("*")):
        if file.suffix in MEDIA_TYPES and FOLDER not in file.parents:
            yield file.relative_to(HERE).as_posix(), file.read_bytes()
    for name in _SHARED:
        yield name, (HERE.parent / "graphiql" / name).read_bytes()
    if npm is not None:
        for file in sorted(npm.rglob("*")):
            if file.suffix in MEDIA_TYPES:
                yield f"npm/{file.name}", file.read_bytes()
