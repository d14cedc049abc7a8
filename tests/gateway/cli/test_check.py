from pathlib import Path

from tests.gateway.cli.command import run
from tests.gateway.configuration import write_configuration


def test_check_fails_if_a_source_does_not_answer(tmp_path: Path) -> None:
    """Every source has its row. No row contains a password."""
    code, text = run("check", "--config", str(write_configuration(tmp_path)))

    assert code == 1
    assert [key for key in ("camunda", "field", "UPSTREAM_UNAVAILABLE") if key not in text] == []
    assert "never-told" not in text
