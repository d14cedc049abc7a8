"""`taskgate store`."""

from pathlib import Path

import psycopg
import pytest

from gateway.settings import ConfigurationError, load
from tests.engines import postgres_server
from tests.gateway.cli.command import run
from tests.gateway.configuration import write_configuration


def with_store(folder: Path, url: str) -> Path:
    config = write_configuration(folder)
    config.write_text(config.read_text() + f'\n[store]\nurl = "{url}"\n')
    return config


def test_a_file_has_no_tables_to_migrate(tmp_path: Path) -> None:
    """The start of a gateway does it."""
    code, text = run("store", "status", "--config", str(write_configuration(tmp_path)))

    assert 1 == code
    assert "a SQLite file" in text


def test_only_addresses_of_postgresql_are_taken(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="must begin with postgresql://") as failure:
        load(with_store(tmp_path, "mysql://ann:s3cret@db/x"))
    assert "s3cret" not in str(failure.value)


@pytest.mark.slow
def test_a_database_that_is_away_is_told_without_its_address(tmp_path: Path) -> None:
    config = str(with_store(tmp_path, "postgresql://ann:s3cret@127.0.0.1:1/x"))
    results = [run("store", "status", "--config", config), run("store", "migrate", "--config", config)]
    results.append(run("people", "forget", "bob", "--config", config))

    assert [1, 1, 1] == [code for code, _ in results]
    assert all("[store] url: " in text and "s3cret" not in text for _, text in results)


@pytest.mark.server
@pytest.mark.slow
def test_tables_are_made_told_and_refused(tmp_path: Path) -> None:
    """A newer schema is refused by each command that would start on it."""
    with postgres_server() as server:
        url = f"postgresql://taskgate@127.0.0.1:{server.port}/postgres"
        config = str(with_store(tmp_path, url))
        told = [
            run("store", *arguments, "--config", config)
            for arguments in (["status"], ["migrate"], ["migrate"], ["status"])
        ]
        with psycopg.connect(url) as db:
            db.execute("INSERT INTO taskgate.schema_step VALUES (99, now())")
        newer = [run("store", "status", "--config", config), run("store", "migrate", "--config", config)]
        serving = run("serve", "--config", config, "--port", "1")

    assert [0, 0, 0, 0] == [code for code, _ in told]
    assert ["step 0 of 1", "from step 0 to step 1", "nothing to do", "step 1 of 1"] == [
        next(part for part in ("step 0 of 1", "from step 0 to step 1", "nothing to do", "step 1 of 1") if part in text)
        for _, text in told
    ]
    assert [1, 1, 1] == [newer[0][0], newer[1][0], serving[0]]
    assert all("newer version" in text for _, text in [*newer, serving])
