import signal
from pathlib import Path

import httpx2
import pytest

from tests.gateway.cli.command import PATIENCE_S, STAND_INS, lines_until, run, started

pytestmark = pytest.mark.server


def test_serve_reads_what_the_sandbox_wrote(ports: tuple[int, int], tmp_path: Path) -> None:
    """The sandbox's configuration passes `check`, and the gateway over it answers. It is reloaded, or says why not."""
    port, sandbox_port = ports
    config = tmp_path / "taskgate.toml"
    with started("sandbox", "--port", str(sandbox_port), "--tasks", "5", "--config-out", str(config)) as stand_ins:
        lines_until(stand_ins, "camunda7 ")
        listed = httpx2.get(f"http://127.0.0.1:{sandbox_port}/", trust_env=False).json()
        code, table = run("check", "--config", str(config))
        with started("serve", "--config", str(config), "--port", str(port)) as gateway:
            printed = lines_until(gateway, "/graphql")
            answer = httpx2.post(
                f"http://127.0.0.1:{port}/graphql",
                json={"query": "{ viewer { user { displayName } inbox { isComplete } } }"},
                trust_env=False,
                timeout=PATIENCE_S,
            )
            text = config.read_text()
            config.write_text(text.replace('name = "Alice Moreno"', 'name = "Alice Morena"'))
            reloaded = run("reload", "--config", str(config))
            config.write_text(text.replace('name = "Alice Moreno"', ""))
            refused = run("reload", "--config", str(config))
            gateway.send_signal(signal.SIGHUP)
            logged = lines_until(gateway, "not reloaded")
            config.write_text(text)
            gateway.send_signal(signal.SIGTERM)
            gateway.communicate(timeout=PATIENCE_S)

    assert STAND_INS == {each["vendor"]: int(each["base_url"].rpartition(":")[2]) - sandbox_port for each in listed}
    assert (0, True) == (code, "OK" in table)
    assert answer.json()["data"] == {"viewer": {"user": {"displayName": "Alice Moreno"}, "inbox": {"isComplete": True}}}
    assert reloaded == (0, "changed: people\n")
    assert (refused[0], "people[0].name: is missing" in refused[1]) == (1, True)
    assert "people[0].name: is missing" in logged.splitlines()[-1]
    assert gateway.returncode == 0, printed
    assert run("reload", "--config", str(config))[0] == 1
    assert not list(tmp_path.glob("*.control"))
