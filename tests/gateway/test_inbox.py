"""The inbox page without a browser: its files, headers, operations and texts."""

import base64
import hashlib
import re
import sys
from pathlib import Path

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema, parse, validate

from gateway.graphiql import compressed, is_complete
from gateway.inbox import Inbox
from gateway.inbox.page import FOLDER, HERE
from gateway.settings import ConfigurationError, load
from schema.core.limits import DocumentLimits
from schema.execution.cost import Meter
from tests.gateway.configuration import write_configuration
from tests.gateway.conftest import OpenClient

BROWSER = {"Accept": "text/html,*/*;q=0.8"}
ROOT = Path(__file__).parents[2]
MODULES = sorted(path for path in HERE.rglob("*.js") if FOLDER not in path.parents)
# Compressed, in bytes: what a browser loads before the first list.
LARGEST = 150_000

needs_files = pytest.mark.skipif(
    not is_complete(FOLDER, HERE), reason="npm's files are not here: run make graphiql where Node.js is"
)


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema((ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8"))


def operations() -> dict[str, str]:
    """The documents of operations.js, with their fragments."""
    text = (HERE / "operations.js").read_text(encoding="utf-8")
    found = dict(re.findall(r"const (\w+) = /\* GraphQL \*/ `(.*?)`;", text, re.DOTALL))
    filled = {name: re.sub(r"\$\{(\w+)\}", lambda slot: found[slot[1]], document) for name, document in found.items()}
    return {name: document for name, document in filled.items() if not name.isupper()}


@pytest.mark.parametrize("name", operations())
def test_each_operation_is_one_of_the_graph(schema: GraphQLSchema, name: str) -> None:
    assert [] == validate(schema, parse(operations()[name]))


@pytest.mark.parametrize("name", operations())
def test_no_operation_is_too_costly_with_the_largest_page(schema: GraphQLSchema, name: str) -> None:
    """Values that are not given count as the most."""
    pages = re.findall(r"const PAGE = (\d+);", (HERE / "state.js").read_text(encoding="utf-8"))
    document, limits = parse(operations()[name]), DocumentLimits()
    (operation,) = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    measure = Meter(schema, document, {"first": int(pages[0])}).measure(operation)

    assert [] == [*measure.structure_excesses(limits), *measure.cost_excesses(limits)]


def test_operations_stand_in_one_file_and_each_is_sent() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in MODULES}
    sent = {name for text in texts.values() for name in re.findall(r"operations\.([A-Z]\w+)", text)}

    assert [HERE / "operations.js"] == [path for path, text in texts.items() if "/* GraphQL */" in text]
    assert set(operations()) == sent


def words(language: str) -> dict[str, str]:
    """Texts by name; one with plural forms as it is written."""
    text = (HERE / "texts" / f"{language}.js").read_text(encoding="utf-8")
    return dict(re.findall(r'^  "([^"]+)": (.+),$', text, re.MULTILINE))


@pytest.mark.parametrize("language", ["de", "es"])
def test_each_language_has_the_same_texts(language: str) -> None:
    """With the same words to fill in, and none left in English by mistake."""
    english, other = words("en"), words(language)

    def slots(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", text))

    assert list(english) == list(other)
    assert [] == [name for name in english if slots(english[name]) != slots(other[name])]
    assert [] == [name for name, text in other.items() if not text.strip('"')]


def test_each_text_that_a_view_names_exists_and_none_is_unused() -> None:
    everything = "\n".join(path.read_text(encoding="utf-8") for path in MODULES if path.parent.name != "texts")
    named = set(re.findall(r'\bt\("([^"]+)"', everything))
    beginnings = set(re.findall(r"\bt\(`([\w.]+?)\.?\$\{", everything)) | set(
        re.findall(r'\bword\("(\w+)"', everything)
    )
    english = set(words("en"))

    assert set() == named - english
    assert set() == {
        name
        for name in english - named
        if f'"{name}"' not in everything and name.rpartition(".")[0].partition(".")[0] not in beginnings
    }


def test_no_module_can_put_text_into_the_page_as_html() -> None:
    """Nor make code of a text, which the policy forbids too."""
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|\beval\(|new Function"
    )

    assert [] == [path.name for path in MODULES if forbidden.search(path.read_text(encoding="utf-8"))]


def test_no_module_is_long() -> None:
    assert [] == [path.name for path in MODULES if len(path.read_text(encoding="utf-8").splitlines()) > 400]


@needs_files
async def test_the_page_loads_its_own_files_only(open_client: OpenClient) -> None:
    """From addresses that hold a digest, with a policy that lets nothing else run."""
    async with open_client() as client:
        page = await client.get("/", headers=BROWSER)
        same = await client.get("/inbox")
        named = re.findall(r'(?:href|src)="(inbox/files/[^"]+)"', page.text)
        files = {name: await client.get(f"/{name}") for name in named}

    policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    imports = re.findall(r'<script type="importmap">(.+?)</script>', page.text)[0]
    digest = base64.b64encode(hashlib.sha256(imports.encode()).digest()).decode()
    assert page.text == same.text
    assert f"'self' 'sha256-{digest}'" == policy["script-src"]
    assert ("'self'", "'self'", "'none'") == (policy["style-src"], policy["connect-src"], policy["frame-ancestors"])
    assert "unsafe" not in page.headers["content-security-policy"]
    assert {200} == {answer.status_code for answer in files.values()}
    assert {"public, max-age=31536000, immutable"} == {answer.headers["cache-control"] for answer in files.values()}
    assert "http" not in "".join(re.findall(r'(?:href|src)="([^"]+)"', page.text))


@needs_files
def test_the_page_is_small(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With one language of texts, compressed as the gateway sends it. The typeface is compressed already."""
    inbox = Inbox(load(write_configuration(tmp_path)))
    loaded = [asset for asset in inbox.assets if "/texts/" not in asset.path or asset.path.endswith("/de.js")]
    size = sum(min(len(asset.content), len(compressed(asset.content))) for asset in loaded)
    with capsys.disabled():
        sys.stdout.write(f" {len(loaded)} files, {size:,} bytes compressed ")

    assert size <= LARGEST


@needs_files
@pytest.mark.parametrize(
    ("accepted", "language"),
    [("de-AT,de;q=0.9,en;q=0.8", "de"), ("fr, es;q=0.5", "es"), ("fr", "en"), ("", "en"), ('"><script>', "en")],
)
async def test_the_texts_of_the_browsers_language_are_loaded_early(
    open_client: OpenClient, accepted: str, language: str
) -> None:
    async with open_client() as client:
        page = (await client.get("/inbox", headers={"Accept-Language": accepted})).text

    assert f'<html lang="{language}">' in page
    assert re.search(rf'rel="modulepreload" href="inbox/files/\w+/texts/{language}\.js"', page)
    assert 1 == page.count("/texts/")


async def test_without_npms_files_the_page_says_how_to_get_them(tmp_path: Path) -> None:
    inbox = Inbox(load(write_configuration(tmp_path)), tmp_path / "npm")

    assert "node" not in "".join(asset.path for asset in inbox.assets)
    assert "python -m gateway.graphiql.assets" in inbox._template


@pytest.mark.parametrize(
    ("gateway", "status"),
    [("", 200), ('profile = "production"', 404), ('profile = "production"\ninbox = true', 200), ("inbox = false", 404)],
)
async def test_production_has_the_page_only_where_it_is_set(open_client: OpenClient, gateway: str, status: int) -> None:
    auth = f"""
[auth]
mode = "api_keys"
keys = [{{ person = "alice", sha256 = "{hashlib.sha256(b"a key").hexdigest()}" }}]
"""
    secret = 'secret = "a secret of thirty-two characters"\n'
    async with open_client(gateway=f"[gateway]\n{secret}{gateway}\n", auth=auth) as client:
        page = await client.get("/inbox", headers=BROWSER)
        front = await client.get("/", headers=BROWSER)

    assert status == page.status_code
    assert (status == 200) == ("Content-Security-Policy" in front.headers)
    # The key's person is known after sign-in, and no one is offered before.
    assert "Alice" not in page.text


@needs_files
async def test_a_style_sheet_of_ones_own_comes_last_and_a_portal_may_embed(
    open_client: OpenClient, tmp_path: Path
) -> None:
    style = tmp_path / "ours.css"
    style.write_text(":root { --accent: #7a1fa2 }", encoding="utf-8")
    gateway = f'[gateway]\ninbox_style = "{style}"\ninbox_embedders = ["https://portal.example.com"]\n'
    async with open_client(gateway=gateway) as client:
        page = await client.get("/inbox")
        sheets = re.findall(r'rel="stylesheet" href="([^"]+)"', page.text)
        ours = await client.get(f"/{sheets[-1]}")

    assert ":root { --accent: #7a1fa2 }" == ours.text
    assert ours.headers["content-type"].startswith("text/css")
    assert "frame-ancestors https://portal.example.com" in page.headers["content-security-policy"]


@pytest.mark.parametrize("origin", ["*", "https://a.example; script-src *", "https://a.example/path", "'self'"])
def test_what_is_no_origin_embeds_nothing(tmp_path: Path, origin: str) -> None:
    with pytest.raises(ConfigurationError):
        load(write_configuration(tmp_path, gateway=f'[gateway]\ninbox_embedders = ["{origin}"]\n'))


async def test_a_path_of_a_file_never_reaches_the_disk(open_client: OpenClient) -> None:
    async with open_client() as client:
        answers = [await client.get(f"/inbox/{path}") for path in ("page.py", "files/x/main.js", "..%2fpage.py")]

    assert [404] * 3 == [answer.status_code for answer in answers]
