from tests.gateway.cli.command import STAND_INS, run


def test_an_unknown_stand_in_is_one_line_and_exit_1() -> None:
    """The line names the known ones."""
    code, text = run("sandbox", "--vendor", "jira")

    assert code == 1
    assert text.count("\n") == 1
    assert [name for name in STAND_INS if name not in text] == []
