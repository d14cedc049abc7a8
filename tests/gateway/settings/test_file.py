import hashlib
from pathlib import Path

import pytest

from gateway.settings import ConfigurationError, load
from tests.gateway.configuration import AUTH, GATEWAY, PEOPLE, SOURCES, write_configuration

DIGEST = hashlib.sha256(b"token").hexdigest()


def test_sources_are_read_by_their_vendors_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Each source has the settings type of its vendor."""
    settings = load(write_configuration(tmp_path))

    assert [("camunda", "CamundaSettings"), ("field", "GeotareasSettings")] == [
        (source.key, type(source).__name__) for source in settings.sources
    ]


def test_the_journal_is_in_the_folder_of_the_configuration(tmp_path: Path) -> None:
    """The default is <configuration>.journal.sqlite3. A relative path starts at that folder too."""
    default = load(write_configuration(tmp_path)).gateway.journal
    named = load(write_configuration(tmp_path, gateway='[gateway]\njournal = "writes.sqlite3"\n')).gateway.journal
    absolute = load(write_configuration(tmp_path, gateway='[gateway]\njournal = "/var/lib/j"\n')).gateway.journal

    assert tmp_path / "taskgate.toml.journal.sqlite3" == default
    assert tmp_path / "writes.sqlite3" == named
    assert Path("/var/lib/j") == absolute


def test_strings_take_environment_variables_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value may have several parts. The line break at the end of a file is not part of the secret."""
    monkeypatch.setenv("CLUSTER", "127.0.0.1:26500")
    (tmp_path / "password").write_text("from a file\n", encoding="utf-8")
    sources = SOURCES.replace("127.0.0.1:9", "${CLUSTER}", 1).replace("pass-never-told", "${file:password}", 1)

    source = load(write_configuration(tmp_path, sources=sources)).sources[0]

    assert source.base_url == "http://127.0.0.1:26500/v2"
    assert source.credentials.password.get_secret_value() == "from a file"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        ({"gateway": "[gateway]\nsecrte = 'x'\n"}, "gateway.secrte: unknown key"),
        ({"gateway": "surplus = 1\n[gateway]\n"}, "surplus: unknown key"),
        (
            {"gateway": "[gateway]\nsecret = '${TASKGATE_UNSET}'\n"},
            "gateway.secret: environment variable TASKGATE_UNSET is not set",
        ),
        ({"gateway": "[gateway]\nsecret = '${file:absent}'\n"}, "gateway.secret: file "),
        ({"gateway": "[gateway]\nprofile = 'staging'\n"}, "gateway.profile: "),
        ({"gateway": "[gateway]\ncors_origins = ['example.com']\n"}, "gateway.cors_origins[0]: "),
        ({"gateway": "gateway = 3\n"}, "gateway: "),
        ({"gateway": "[gateway]\n[store]\nkeep_own_days = 31\n"}, "store.keep_own_days: "),
        ({"gateway": "[gateway]\n[store]\nkeep_own_days = 0\n"}, "store.keep_own_days: "),
        ({"gateway": "[gateway\n"}, "is not TOML: "),
        ({"gateway": "[gateway]\nprofile = 'production'\n"}, "auth.mode: demo accepts every person's key"),
        ({"auth": ""}, "auth: is missing"),
        ({"auth": "[auth]\n"}, "auth.mode: is missing"),
        ({"auth": "[auth]\nmode = 'open'\n"}, "auth.mode: must be one of 'demo', 'api_keys'"),
        ({"auth": "[auth]\nmode = 'demo'\ndefault_person = 'zoe'\n"}, "auth.default_person: there is no person 'zoe'"),
        ({"auth": "[auth]\nmode = 'api_keys'\nkeys = []\n"}, "auth.keys: "),
        (
            {"auth": f"[auth]\nmode = 'api_keys'\nkeys = [{{person = 'zoe', sha256 = '{DIGEST}'}}]\n"},
            "auth.keys[0].person: there is no person 'zoe'",
        ),
        (
            {"auth": "[auth]\nmode = 'api_keys'\nkeys = [{person = 'bob', sha256 = 'secret-token'}]\n"},
            "auth.keys[0].sha256: ",
        ),
        (
            {
                "auth": "[auth]\nmode = 'api_keys'\nkeys = ["
                f"{{person = 'bob', sha256 = '{DIGEST}'}}, {{person = 'alice', sha256 = '{DIGEST.upper()}'}}]\n"
            },
            "auth.keys[1].sha256: the same digest is listed twice",
        ),
        ({"people": PEOPLE.replace('"bob"', '"alice"', 1)}, "people[1].key: 'alice' is also the key of people[0]"),
        (
            {"people": PEOPLE.replace('id = "bob"', 'id = "alice"')},
            "people[1].identities.camunda.id: 'alice' is also the identity of 'alice'",
        ),
        (
            {"people": PEOPLE.replace('id = "17"', 'id = "alice@example.com"')},
            "people[0].identities.field.id: is no user id of that source, which is a number, such as 17",
        ),
        (
            {"people": PEOPLE.replace("identities.field", "identities.crm")},
            "people[0].identities.crm: there is no source 'crm'",
        ),
        ({"people": PEOPLE.replace("task_admin", "tsak_admin")}, "people[2].roles"),
        ({"sources": SOURCES.replace('vendor = "camunda"', 'vendor = "jira"')}, "sources[0].vendor: unknown vendor 'j"),
        ({"sources": SOURCES.replace('vendor = "camunda"\n', "")}, "sources[0].vendor: is missing"),
        (
            {"sources": SOURCES.replace('key = "field"', 'key = "camunda"')},
            "sources[1].key: 'camunda' is also the key of sources[0]",
        ),
        ({"sources": SOURCES.replace("http://127.0.0.1:9", "ftp://x", 1)}, "sources[0].base_url: "),
        ({"sources": SOURCES.replace("http://", "http://me:pass-never-told@", 1)}, "sources[0].base_url: "),
        ({"sources": SOURCES.replace("username", "user")}, "sources[0].credentials.username: is missing"),
        ({"sources": SOURCES.replace('"basic"', '"digest"')}, "sources[0].credentials.kind: must be one of "),
        ({"sources": SOURCES.replace("Europe/Madrid", "Europe/Madird")}, "sources[1].time_zone: "),
        ({"sources": SOURCES + "retries = 3\n"}, "sources[1].retries: unknown key"),
        ({"sources": "[sources]\nkey = 'x'\n"}, "sources: must be a list of tables"),
    ],
)
def test_a_fault_is_one_line_that_names_the_key(tmp_path: Path, parts: dict[str, str], line: str) -> None:
    """The line says where the fault is and what it is. It never contains a secret."""
    with pytest.raises(ConfigurationError) as caught:
        load(write_configuration(tmp_path, **parts))
    text = str(caught.value)

    assert line in text
    assert "\n" not in text
    assert "never-told" not in text
    assert "secret-token" not in text


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """The file is absent, a folder, or not text. The line begins with the path."""
    (tmp_path / "latin.toml").write_bytes(b"[gateway]\nsecret = '\xe9'\n")
    found = []
    for path in (tmp_path / "absent.toml", tmp_path, tmp_path / "latin.toml"):
        with pytest.raises(ConfigurationError) as caught:
            load(path)
        found.append(str(caught.value).removeprefix(f"{path}: "))

    assert found == [
        "cannot be read: No such file or directory",
        "cannot be read: Is a directory",
        "is not UTF-8 text",
    ]


def test_secrets_do_not_print(tmp_path: Path) -> None:
    """The text of the settings contains neither the cursor secret nor a password."""
    text = repr(load(write_configuration(tmp_path, gateway=GATEWAY, auth=AUTH)))

    assert "never-told" not in text
    assert "cursor-secret" not in text


def told(folder: Path, **parts: str) -> list[str]:
    """The lines of the fault."""
    with pytest.raises(ConfigurationError) as caught:
        load(write_configuration(folder, **parts))
    return str(caught.value).splitlines()


def test_all_faults_of_the_tables_are_told_at_once(tmp_path: Path) -> None:
    """A line for each, in the order of the file."""
    gateway = '[gateway]\nprofil = "x"\nmax_body_bytes = "many"\n'

    assert [
        "gateway.max_body_bytes: must be a whole number",
        "gateway.profil: unknown key",
        "sources[0].base_url: must be an address such as https://system.example.com/path",
        "sources[1].time_zon: unknown key",
    ] == told(
        tmp_path,
        gateway=gateway,
        sources=SOURCES.replace("time_zone", "time_zon").replace("http://127.0.0.1:9", "127.0.0.1:9", 1),
    )


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        ({"gateway": f"x = {'[' * 5000}{']' * 5000}\n"}, "is nested too deeply"),
        (
            {"gateway": '[gateway]\ncors_origins = "https://a.example.com"\n'},
            "gateway.cors_origins: must be a list: [...]",
        ),
        (
            {"gateway": '[gateway]\ncors_origins = ["https://a.example.com/"]\n'},
            "gateway.cors_origins[0]: must be an origin such as https://dashboard.example.com, without a path, or *",
        ),
        ({"gateway": "[gateway]\nmetrics = 'on or off'\n"}, "gateway.metrics: must be true or false"),
        ({"gateway": "[gateway]\nquery_deadline = 0\n"}, "gateway.query_deadline: must be greater than 0"),
        (
            {"sources": SOURCES.replace("tenant =", "tenent =")},
            "sources[1].credentials.tenant: is missing; 'tenent' is unknown: is it misspelt?",
        ),
        (
            {"sources": SOURCES.replace("{ email", '{ kind = "basic", email')},
            "sources[1].credentials.kind: must be 'login'",
        ),
        ({"sources": ""}, "people[0].identities.camunda: there are no sources"),
    ],
)
def test_faults_are_told_in_plain_words(tmp_path: Path, parts: dict[str, str], line: str) -> None:
    """Not in those of the library that finds them."""
    [shown] = told(tmp_path, **parts)

    assert shown.endswith(line)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("http://127.0.0.1:99999", "its host or port is none"),
        ("http://127.0.0.1:0", "its host or port is none"),
        ("http://[::1", "its host or port is none"),
        ("http://a b", "must be an address"),
        ("https://a.example.com/x?y=1", "must be an address without ?"),
        ("https://a@b.example.com", "must be an address"),
        ("http://169.254.169.254", "is a link-local address"),
        ("http://2852039166/latest", "is a link-local address"),
        ("http://0xa9fea9fe", "is a link-local address"),
        ("http://0251.0376.0251.0376", "is a link-local address"),
        ("http://[fe80::1]:80", "is a link-local address"),
        ("http://[::ffff:169.254.1.1]", "is a link-local address"),
    ],
)
def test_an_address_that_cannot_be_one_of_a_system_is_refused(tmp_path: Path, address: str, says: str) -> None:
    """In all forms that the system takes. Nothing is sent there."""
    [line] = told(tmp_path, sources=SOURCES.replace("http://127.0.0.1:9", address, 1))

    assert line.startswith("sources[0].base_url: ")
    assert says in line


@pytest.mark.parametrize(
    ("documents", "told"),
    [
        ('manifests = ["absent.json"]', "gateway.documents.manifests[0]: "),
        ("only_trusted = true", "gateway.documents.only_trusted: is true, but no manifest has a document"),
        (
            'manifests = ["good.json"]\nonly_trusted = true\n[gateway.subgraph]\nenabled = true',
            "gateway.documents.only_trusted: does not go with [gateway.subgraph]",
        ),
    ],
)
def test_manifests_are_read_with_the_configuration(tmp_path: Path, documents: str, told: str) -> None:
    """A relative path starts at the configuration's folder."""
    good = tmp_path / "good.json"
    good.write_text('{"a": "{ __typename }"}', encoding="utf-8")
    settings = load(write_configuration(tmp_path, gateway='[gateway.documents]\nmanifests = ["good.json"]\n'))

    assert settings.documents.find("a") == "{ __typename }"
    with pytest.raises(ConfigurationError) as raised:
        load(write_configuration(tmp_path, gateway=f"[gateway.documents]\n{documents}\n"))
    assert told in str(raised.value)


LONG = "x" * 70_000


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"a = {'9' * 5_000}", "{path}: is not TOML: a number or a date in it is out of range"),
        ("a = " + "[" * 5_000, "{path}: is nested too deeply"),
        (f"{'.'.join('a' * 80)} = 1", "a.a.a.a.a: is nested too deeply"),
        (f"{'.'.join('a' * 100_000)} = 1", "{path}: line 1: is nested too deeply"),
        ("".join(f"k{n} = 1\n" for n in range(2_001)), "the file has 2001 keys; 2000 are read at most"),
        ("[auth]\n" + "".join(f"k{n} = 1\n" for n in range(2_001)), "auth: has 2001 keys; 2000 are read at most"),
        (f"people = [{'1,' * 50_001}]", "people: has 50001 entries; 50000 are read at most"),
        (f"{GATEWAY}\n{GATEWAY}", "{path}: is not TOML: "),
        (f"# {LONG}\n" * 130, "{path}: is larger than 8192 kB"),
        ("\0\0\0\0", "{path}: is not TOML: "),
        (f"{LONG} = 1", "xxx...xxx"),
        ('"a\\nb" = 1', "a\\nb: unknown key"),
        ('gateway = "${file:a\\u0000b}"', "a\\x00b cannot be read: it is no file name"),
        ('gateway = "${file:/dev/zero}"', "gateway: file /dev/zero cannot be read: it is larger than 64 kB"),
        (f'gateway = "${{file:{LONG}}}"', "cannot be read: File name too long"),
        (f"[[sources]]\nvendor = '{LONG}'", "sources[0].vendor: unknown vendor; known vendors: "),
        ("[[sources]]\nvendor = 'S3CRET/never-told'", "sources[0].vendor: unknown vendor; known vendors: "),
    ],
)
def test_files_that_no_person_wrote_are_told_in_short_lines(tmp_path: Path, text: str, line: str) -> None:
    path = tmp_path / "taskgate.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    told = str(caught.value)

    assert line.replace("{path}", str(path)).replace("xxx...xxx", "x" * 150 + "..." + "x" * 150) in told
    assert all(one.isprintable() and len(one) < 700 for one in told.split("\n"))
    assert "never-told" not in told


def test_a_long_line_of_texts_with_dots_is_read(tmp_path: Path) -> None:
    """The sibling: dots of texts and of a comment are no keys in keys."""
    origins = ", ".join(f'"https://page{number}.example.com"' for number in range(150))
    gateway = f"{GATEWAY}cors_origins = [{origins}] # {'.' * 300}\n"

    assert 150 == len(load(write_configuration(tmp_path, gateway=gateway)).gateway.cors_origins)


def test_a_thousand_faults_are_a_hundred_lines(tmp_path: Path) -> None:
    lines = told(tmp_path, gateway=GATEWAY + "".join(f"key{number} = 1\n" for number in range(1_000)))

    assert len(lines) == 101
    assert lines[-1] == "900 more faults are not shown"


def test_a_mark_of_the_byte_order_and_lines_of_windows_are_read(tmp_path: Path) -> None:
    path = write_configuration(tmp_path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))

    assert [source.key for source in load(path).sources] == ["camunda", "field"]
