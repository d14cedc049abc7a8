"""The page at /graphql for browsers, its files and examples, and how the files are fetched."""

import html
import io
import json
import re
import sys
import tarfile
from pathlib import Path
from typing import Any

import httpx2
import pytest
from graphql import parse, validate
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.graphiql import assets
from gateway.graphiql.assets import FILES, FetchError, fetch, is_complete, pinned
from gateway.graphiql.examples import ASSIGNEES, EXAMPLES, SAMPLE
from gateway.graphiql.page import GraphiQL
from gateway.settings import Settings, load
from schema.api import build_schema
from tests.gateway.configuration import GATEWAY, PEOPLE, write_configuration
from tests.gateway.conftest import OpenClient

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
KEYS_AUTH = f"""
[auth]
mode = "api_keys"
keys = [{{ person = "alice", sha256 = "{"0" * 64}" }}]
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(write_configuration(tmp_path))


@pytest.fixture
def npm_files(tmp_path: Path) -> Path:
    """A folder as `fetch` leaves it. The gateway does not care about the content of the files."""
    folder = tmp_path / "npm"
    for package, version in pinned().items():
        (folder / package).mkdir(parents=True)
        for file in FILES[package]:
            described = json.dumps({"name": package, "version": version})
            content = described if file == "package.json" else f"{file} of {package}"
            (folder / package / Path(file).name).write_text(content, encoding="utf-8")
    return folder


def visitor(graphiql: GraphiQL) -> httpx2.AsyncClient:
    """A client of the page and its files only."""

    async def page(request: Request) -> Response:
        return graphiql.response(request.scope)

    app = Starlette(routes=[Route("/graphql", page), *graphiql.routes])
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://gateway")


def config(page: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        re.findall(r'<script type="application/json" id="config">(.*?)</script>', page)[0]
    )
    return found


def policy(response: httpx2.Response) -> dict[str, str]:
    return dict(part.split(" ", 1) for part in response.headers["content-security-policy"].split("; "))


async def test_a_browser_that_opens_the_url_gets_a_page(client: httpx2.AsyncClient) -> None:
    """With and without npm's files. Without them the page says how to get them."""
    response = await client.get("/graphql", headers=BROWSER)

    assert (200, "text/html; charset=utf-8") == (response.status_code, response.headers["content-type"])
    assert "taskgate · GraphiQL" in response.text


async def test_a_program_gets_a_graphql_answer_at_the_same_url(client: httpx2.AsyncClient) -> None:
    """Also by GET, and also in the browser that shows the page."""
    response = await client.get("/graphql", params={"query": "{ __typename }"}, headers=BROWSER)

    assert {"__typename": "Query"} == response.json()["data"]


@pytest.mark.parametrize(
    ("gateway", "expected"),
    [
        (GATEWAY, True),
        (GATEWAY + "graphiql = false\n", False),
        (GATEWAY + 'profile = "production"\n', False),
        (GATEWAY + 'profile = "production"\ngraphiql = true\n', True),
    ],
)
async def test_the_profile_decides_whether_there_is_a_page(
    open_client: OpenClient, gateway: str, expected: bool
) -> None:
    """In production only if the setting is on."""
    async with open_client(gateway=gateway, auth=KEYS_AUTH) as client:
        response = await client.get("/graphql", headers=BROWSER)

    assert expected == response.headers["content-type"].startswith("text/html")


async def test_everything_that_the_page_loads_comes_from_the_gateway(settings: Settings, npm_files: Path) -> None:
    """Every address in the page is relative, has the right media type, and may be cached for ever."""
    types = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
    async with visitor(GraphiQL(settings, npm_files)) as client:
        page = (await client.get("/graphql")).text
        addresses = re.findall(r'(?:src|href)="(.*?)"', page)
        files = [await client.get(f"/{address}") for address in addresses]

    assert 10 == len(addresses)
    assert [(200, types[Path(address).suffix]) for address in addresses] == [
        (file.status_code, file.headers["content-type"]) for file in files
    ]
    assert {("public, max-age=31536000, immutable", "nosniff")} == {
        (file.headers["cache-control"], file.headers["x-content-type-options"]) for file in files
    }


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, br", "gzip"), ("gzip;q=0.0", None), ("identity", None), ("br;q=1, gzip;q=0.1", "gzip")],
)
async def test_a_file_is_compressed_where_the_browser_takes_it(
    settings: Settings, accepted: str, encoding: str | None
) -> None:
    """Each form has an entity tag of its own."""
    async with visitor(GraphiQL(settings)) as client:
        address = re.findall(r'href="(.*?/page.css)"', (await client.get("/graphql")).text)[0]
        file = await client.get(f"/{address}", headers={"Accept-Encoding": accepted})

    assert encoding == file.headers.get("content-encoding")
    assert (encoding == "gzip") == ("-gzip" in file.headers["etag"])
    assert "Accept-Encoding" == file.headers["vary"]
    assert file.text.count("{") > 3


async def test_a_file_that_the_browser_has_is_not_sent_again(settings: Settings) -> None:
    """The entity tag is the digest of the file."""
    async with visitor(GraphiQL(settings)) as client:
        address = re.findall(r'href="(.*?/page.css)"', (await client.get("/graphql")).text)[0]
        tag = (await client.get(f"/{address}")).headers["etag"]
        again = await client.get(f"/{address}", headers={"If-None-Match": tag})

    assert (304, b"", tag) == (again.status_code, again.content, again.headers["etag"])


@pytest.mark.parametrize(
    "path",
    [
        "page.js",
        "page.py",
        "../page.py",
        "..%2fpage.py",
        "%2e%2e/%2e%2e/settings.py",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "0123456789abcdef/page.js",
        "",
    ],
)
async def test_no_other_file_is_served(settings: Settings, path: str) -> None:
    """Paths are looked up among these files and never reach the disk."""
    async with visitor(GraphiQL(settings)) as client:
        response = await client.get(f"/graphiql/{path}")

    assert 404 == response.status_code


async def test_the_files_of_the_page_are_read_only(client: httpx2.AsyncClient) -> None:
    """GET and HEAD are allowed."""
    response = await client.post("/graphiql/page.js")

    assert (405, {"GET", "HEAD"}) == (response.status_code, set(response.headers["allow"].split(", ")))


async def test_the_policy_lets_the_page_reach_this_gateway_alone(settings: Settings, npm_files: Path) -> None:
    """The page has no inline script. Only GraphiQL's own styles are inline, by a nonce that differs in every response."""
    async with visitor(GraphiQL(settings, npm_files)) as client:
        first, second = await client.get("/graphql"), await client.get("/graphql")

    nonce = config(first.text)["nonce"]
    assert nonce != config(second.text)["nonce"]
    assert {
        "default-src": "'none'",
        "script-src": "'self'",
        "connect-src": "'self'",
        "style-src": f"'self' 'nonce-{nonce}'",
        "font-src": "data:",
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    } == policy(first)
    assert ("nosniff", "no-referrer", "no-store", "Accept") == tuple(
        first.headers[name] for name in ("x-content-type-options", "referrer-policy", "cache-control", "vary")
    )
    assert [] == [tag for tag in re.findall(r"<script[^>]*>", first.text) if "src=" not in tag and "json" not in tag]
    assert [] == re.findall(r"<style|\sstyle=|\son\w+=", first.text)


async def test_no_name_in_the_configuration_can_change_the_page(tmp_path: Path, npm_files: Path) -> None:
    """Names are sent as data."""
    name = "</script><script>alert(1)</script><!--"
    settings = load(write_configuration(tmp_path, people=PEOPLE.replace("Bob Keller", name)))
    async with visitor(GraphiQL(settings, npm_files)) as client:
        page = (await client.get("/graphql")).text

    assert name == config(page)["people"][1]["name"]
    assert "alert(1)</script>" not in page


async def test_in_demo_mode_the_page_offers_all_people(settings: Settings, npm_files: Path) -> None:
    """By name, with groups and roles, the default person first."""
    async with visitor(GraphiQL(settings, npm_files)) as client:
        told = config((await client.get("/graphql")).text)

    assert "alice" == told["person"]
    assert [
        {"key": "alice", "name": "Alice Moreno", "belongs": "accounting"},
        {"key": "bob", "name": "Bob Keller", "belongs": ""},
        {"key": "carol", "name": "Carol Singh", "belongs": "task admin"},
    ] == told["people"]


async def test_with_api_keys_the_page_contains_no_names(tmp_path: Path, npm_files: Path) -> None:
    """It is shown before sign-in."""
    settings = load(write_configuration(tmp_path, auth=KEYS_AUTH))
    async with visitor(GraphiQL(settings, npm_files)) as client:
        page = (await client.get("/graphql")).text

    assert ([], None) == (config(page)["people"], config(page)["person"])
    assert "Moreno" not in page


class Offered:
    """A provider as the gateway tells it to the page."""

    issuer = "https://login.example.com/realms/main"
    client_id = "taskgate-page"
    scopes = "openid email"
    authorization_endpoint = "https://login.example.com/auth"

    def __init__(self, token_endpoint: str = "https://tokens.example.com:8443/token") -> None:
        self.token_endpoint = token_endpoint


OIDC_AUTH = """
[auth]
mode = "oidc"
issuers = [{ issuer = "https://login.example.com/realms/main", audience = "taskgate", login = { client_id = "p" } }]
"""


async def test_with_a_provider_the_page_may_reach_its_token_endpoint(tmp_path: Path, npm_files: Path) -> None:
    """And no further address. The page is told what a public client needs; there is no secret."""
    settings = load(write_configuration(tmp_path, auth=OIDC_AUTH))
    async with visitor(GraphiQL(settings, npm_files, logins=lambda: [Offered(), Offered()])) as client:
        page = await client.get("/graphql")

    assert "'self' https://tokens.example.com:8443" == policy(page)["connect-src"]
    assert (True, []) == (config(page.text)["hasLogin"], config(page.text)["people"])
    assert {
        "at": None,
        "issuer": "https://login.example.com/realms/main",
        "clientId": "taskgate-page",
        "scopes": "openid email",
        "authorizationEndpoint": "https://login.example.com/auth",
        "tokenEndpoint": "https://tokens.example.com:8443/token",
    } == config(page.text)["logins"][0]


@pytest.mark.parametrize("endpoint", ["https://a;script-src *", "https://a *", "data:x", "https://a@b/", "https:///x"])
async def test_no_address_of_a_provider_changes_the_policy(tmp_path: Path, npm_files: Path, endpoint: str) -> None:
    """It is left out."""
    settings = load(write_configuration(tmp_path, auth=OIDC_AUTH))
    async with visitor(GraphiQL(settings, npm_files, logins=lambda: [Offered(endpoint)])) as client:
        page = await client.get("/graphql")

    assert ("'self'", "'self'") == (policy(page)["connect-src"], policy(page)["script-src"])


async def test_without_its_files_the_page_says_how_to_get_them(settings: Settings, tmp_path: Path) -> None:
    """It also shows how to send a query until then, with the URL of the request."""
    async with visitor(GraphiQL(settings, tmp_path / "npm")) as client:
        response = await client.get("/graphql?x=1", headers={"Host": "tasks.example.com:8000"})

    assert 200 == response.status_code
    assert "python -m gateway.graphiql.assets" in response.text
    assert "curl http://tasks.example.com:8000/graphql -H" in html.unescape(response.text)
    assert "graphiql.min.js" not in response.text


async def test_the_url_in_the_page_is_escaped(settings: Settings, tmp_path: Path) -> None:
    """The Host header may contain any text."""
    async with visitor(GraphiQL(settings, tmp_path / "npm")) as client:
        response = await client.get("/graphql", headers={"Host": 'a"><script>x'})

    assert "<script>" not in response.text


@pytest.mark.parametrize("operation", [*(example.query for example in EXAMPLES), SAMPLE, ASSIGNEES])
def test_every_operation_of_the_page_fits_the_schema(operation: str) -> None:
    """They are the first operations that people see."""
    core = build_schema()._schema

    assert [] == validate(core, parse(operation))


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_declares_the_variables_that_the_page_fills_in(example: Any) -> None:
    """Exactly these."""
    definition: Any = parse(example.query).definitions[0]
    declared = [variable.variable.name.value for variable in definition.variable_definitions or ()]

    assert list(example.variables) == declared


# Fetching the files


def tarball(package: str, version: str, without: str = "") -> bytes:
    """A package as npm has it, with one file that is not needed."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for file in {"index.js", *FILES.get(package, FILES["react-dom"])} - {without}:
            described = json.dumps({"name": package, "version": version})
            content = (described if file == "package.json" else f"{file} of {package}").encode()
            entry = tarfile.TarInfo(f"package/{file}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


REACT_DOM = tarball("react-dom", "18.3.1")
REACT_DOM_WITHOUT = tarball("react-dom", "18.3.1", without="LICENSE")


@pytest.fixture
def npm_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages, and an npm that finds only these."""
    folder = tmp_path / "registry"
    folder.mkdir()
    for package, version in pinned().items():
        (folder / f"{package}-{version}.tgz").write_bytes(tarball(package, version))
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, shutil, sys\n"
        "assert sys.argv[1] == 'pack' and '--ignore-scripts' in sys.argv\n"
        f"file = pathlib.Path({str(folder)!r}, sys.argv[2].replace('@', '-') + '.tgz')\n"
        "sys.exit(shutil.copy(file, '.') and 0) if file.exists() else sys.exit('npm error code ENOTFOUND\\nmore')\n",
        encoding="utf-8",
    )
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(npm.parent))
    return folder


def test_only_the_needed_files_are_taken_from_npm(npm_registry: Path, tmp_path: Path) -> None:
    """npm packs whole packages; a few files are kept."""
    folder = tmp_path / "kept"

    fetch(folder)

    assert is_complete(folder)
    assert sorted(f"{package}/{Path(file).name}" for package, files in FILES.items() for file in files) == sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()
    )


def test_a_folder_of_another_version_is_replaced(npm_registry: Path, npm_files: Path) -> None:
    """Because the pinned version changed."""
    (npm_files / "react" / "package.json").write_text('{"name": "react", "version": "17.0.0"}', encoding="utf-8")

    assert not is_complete(npm_files)

    fetch(npm_files)

    assert is_complete(npm_files)


def test_a_folder_that_lacks_a_file_is_not_complete(npm_files: Path) -> None:
    """For each missing file."""
    assert is_complete(npm_files)

    (npm_files / "graphiql" / "graphiql.min.css").unlink()

    assert not is_complete(npm_files)


@pytest.mark.parametrize(
    ("spoiled", "reason"),
    [
        pytest.param(b"", "react-dom 18.3.1 is damaged or incomplete", id="empty"),
        pytest.param(REACT_DOM[:-40], "react-dom 18.3.1 is damaged or incomplete", id="cut short"),
        pytest.param(
            tarball("react-dom", "18.3.0"), "expected react-dom 18.3.1, found react-dom 18.3.0", id="another version"
        ),
        pytest.param(tarball("other", "18.3.1"), "expected react-dom 18.3.1, found other 18.3.1", id="another package"),
        pytest.param(REACT_DOM_WITHOUT, "react-dom 18.3.1 is damaged or incomplete", id="lacks a file"),
        pytest.param(None, "npm did not return react-dom 18.3.1: npm error code ENOTFOUND", id="not found"),
    ],
)
def test_a_failed_fetch_keeps_no_files(npm_registry: Path, tmp_path: Path, spoiled: bytes | None, reason: str) -> None:
    """The last package is damaged, so no file of the others is kept."""
    last = npm_registry / "react-dom-18.3.1.tgz"
    last.unlink() if spoiled is None else last.write_bytes(spoiled)
    beside = tmp_path / "beside"
    beside.mkdir()

    with pytest.raises(FetchError, match=re.escape(reason)):
        fetch(beside / "npm")

    assert [] == list(beside.iterdir())


@pytest.mark.parametrize(("arguments", "status"), [([], 0), (["--required"], 1)])
def test_without_npm_one_line_is_printed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    status: int,
) -> None:
    """The exit code is 0, unless the files are required."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(assets, "is_complete", lambda folder, home: False)
    monkeypatch.setattr(sys, "argv", ["assets", *arguments])

    assert status == assets.main()
    assert [
        f"{page} is left out: npm (Node.js) is not on this machine. Everything else works without it."
        for page in ("GraphiQL", "The inbox page")
    ] == capsys.readouterr().err.splitlines()


def test_files_that_are_there_are_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """npm is not needed, and nothing is printed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(assets, "is_complete", lambda folder, home: True)
    monkeypatch.setattr(sys, "argv", ["assets", "--required"])

    assert 0 == assets.main()
    assert "" == capsys.readouterr().err


def test_the_pinned_versions_are_exact() -> None:
    """They are the last releases with files for a browser without a bundler."""
    assert {"graphiql": "4.1.2", "react": "18.3.1", "react-dom": "18.3.1"} == pinned()
