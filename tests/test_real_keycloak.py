"""How the Keycloak part of `make test-real` begins, without Java, Maven and the server."""

import zipfile
from pathlib import Path

import pytest

from tests.real import engine
from tests.real.engine import NOT_THERE, EngineError
from tests.real.keycloak.engine import VERSION, archive, java_home, unpacked
from tests.real.keycloak.run import run


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without Java, without Maven and without kept downloads."""
    for name in ("JAVA_HOME", "KEYCLOAK_ARCHIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(engine, "_JVM_FOLDERS", (tmp_path / "jvm",))


def test_without_java_there_is_one_line_and_an_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    """75: nothing is said about sign-in."""
    assert NOT_THERE == 75 == run([])
    assert f"make test-real: no Java: Keycloak {VERSION} needs Java 17 or newer; install one or set JAVA_HOME\n" == (
        capsys.readouterr().err
    )


def java(folder: Path, name: str, version: str) -> Path:
    home = folder / "jvm" / name
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "java").write_text("", encoding="utf-8")
    (home / "release").write_text(f'JAVA_VERSION="{version}"\n', encoding="utf-8")
    return home


def test_the_oldest_java_that_fits_is_taken(tmp_path: Path) -> None:
    """Older ones are left out."""
    java(tmp_path, "eleven", "11.0.2")
    java(tmp_path, "new", "25.0.1")
    fitting = java(tmp_path, "fits", "17.0.15")

    assert fitting == java_home()


def test_without_maven_it_says_where_the_archive_may_be_put(tmp_path: Path) -> None:
    """Also that it can be named."""
    with pytest.raises(EngineError, match=r"Maven \(mvn\) is not installed .* or name it in KEYCLOAK_ARCHIVE"):
        archive()


def test_a_named_archive_must_be_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The line names it."""
    monkeypatch.setenv("KEYCLOAK_ARCHIVE", str(tmp_path / "absent.zip"))

    with pytest.raises(EngineError, match=r"absent\.zip, which is no file"):
        archive()


@pytest.mark.parametrize("content", [b"no zip", None])
def test_an_archive_of_something_else_is_refused(tmp_path: Path, content: bytes | None) -> None:
    """Nothing is started."""
    packed = tmp_path / "k.zip"
    if content is None:
        with zipfile.ZipFile(packed, "w") as written:
            written.writestr("keycloak/README", "no program")
    else:
        packed.write_bytes(content)

    with pytest.raises(EngineError, match="no archive"):
        unpacked(packed)
