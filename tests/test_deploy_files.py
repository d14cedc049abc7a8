"""docs/deploy/ against the program: flags, paths, metrics, labels, times and the configuration of the chart."""

import configparser
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import typer
import yaml

from connectors.sdk.commands import MutationStatus, TaskAction
from gateway.cli import app
from gateway.cli.asgi_server import LINGER_S, SHUTDOWN_S
from gateway.http import Metrics
from gateway.http.metrics import PATHS
from gateway.settings import load
from schema.ports import SourceStatus
from tests.tree import ROOT

FOLDER = ROOT / "docs" / "deploy"
CHART = FOLDER / "chart"
STATUSES = {each.value for each in SourceStatus}
VALUES = {
    ("taskgate_source_status", "status"): STATUSES,
    ("taskgate_writes_total", "status"): {each.value for each in MutationStatus},
    ("taskgate_writes_total", "action"): {each.value for each in TaskAction},
    ("taskgate_writes_total", "kind"): {"write", "undo", "settled", "recovered"},
    ("taskgate_writes_settled_total", "result"): {"APPLIED", "REJECTED", "UNRESOLVED"},
    ("taskgate_graphql_operation_seconds", "kind"): {"query", "mutation"},
    ("taskgate_graphql_errors_total", "code"): {"INTERNAL", "SIGN_IN_UNAVAILABLE"},
}
"""Values that a query may compare a label with. The codes are looked up in the sources."""
# Prometheus adds these to every metric; le is the bound of a bucket.
TARGET = {"job", "instance"}


def documented() -> Mapping[str, set[str]]:
    """Labels by metric, from docs/operating.md."""
    table = (
        (ROOT / "docs" / "operating.md").read_text(encoding="utf-8").partition("## Metrics")[2].partition("\n## ")[0]
    )
    found: dict[str, set[str]] = {}
    for row in table.splitlines():
        if row.startswith("| `taskgate"):
            names, labels = row.split("|")[1:3]
            found |= {name: set(re.findall(r"`(\w+)`", labels)) for name in re.findall(r"`(taskgate_\w+)`", names)}
    return found


def selectors(query: Any) -> Iterator[promql_parser.VectorSelector]:
    """Of a parsed query."""
    if isinstance(query, promql_parser.VectorSelector):
        yield query
    for name in ("lhs", "rhs", "expr", "vector_selector"):
        if (inner := getattr(query, name, None)) is not None:
            yield from selectors(inner)
    for inner in getattr(query, "args", ()):
        yield from selectors(inner)


def rendered(name: str, values: Mapping[str, Any]) -> Any:
    """A template of the chart with the few functions that it uses. No Helm is needed."""
    functions: dict[str, Any] = {
        "quote": json.dumps,
        "toJson": json.dumps,
        "sha256sum": lambda _text: "0" * 64,
        "indent 4": lambda text: "\n".join(f"    {line}" for line in text.splitlines()),
    }

    def value(found: re.Match[str]) -> str:
        path, *through = (part.strip() for part in found[1].split("|"))
        said: Any = values
        for key in path.removeprefix(".").split("."):
            said = said[key]
        for function in through:
            said = functions[function](said)
        return str(said)

    text = (CHART / "templates" / name).read_text(encoding="utf-8")
    return yaml.safe_load(re.sub(r"\{\{ (.*?) \}\}", value, text))


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    return {
        "Values": yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8")),
        "Release": {"Name": "here"},
        "Chart": {"AppVersion": chart["appVersion"]},
    }


def compose() -> Any:
    return yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))


def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[method-assign,assignment]
    parser.read(FOLDER / "taskgate.service", encoding="utf-8")
    return parser


def container(values: Mapping[str, Any]) -> Any:
    return rendered("deployment.yaml", values)["spec"]["template"]["spec"]["containers"][0]


def queries() -> Mapping[str, str]:
    rules = yaml.safe_load((FOLDER / "alerts.yaml").read_text(encoding="utf-8"))["groups"][0]["rules"]
    panels = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))["panels"]
    return {rule["alert"]: rule["expr"] for rule in rules} | {
        f"{panel['title']} {target['refId']}": target["expr"].replace("$__rate_interval", "5m")
        for panel in panels
        for target in panel["targets"]
    }


def test_the_read_me_has_every_file() -> None:
    said = (FOLDER / "README.md").read_text(encoding="utf-8")

    assert [] == [path.name for path in FOLDER.iterdir() if path.name not in said and path.name != "README.md"]


def test_the_commands_are_those_of_the_program(values: dict[str, Any]) -> None:
    """Flags with their values. All serve the same file, on the port of the health checks."""
    serve = typer.main.get_command(app).commands["serve"]  # type: ignore[attr-defined]
    commands = [
        compose()["services"]["taskgate"]["command"],
        shlex.split(unit()["Service"]["ExecStart"]),
        container(values)["args"],
    ]

    for program, command, *arguments in commands:
        parsed = serve.make_context("serve", [*arguments]).params
        assert ("taskgate", "serve") == (Path(program).name, command)
        assert ("/etc/taskgate/taskgate.toml", 8000) == (str(parsed["config"]), parsed["port"])


def test_an_end_is_given_the_time_that_it_takes(values: dict[str, Any]) -> None:
    takes = SHUTDOWN_S + LINGER_S + 2
    given = (
        float(compose()["services"]["taskgate"]["stop_grace_period"].removesuffix("s")),
        float(unit()["Service"]["TimeoutStopSec"]),
        float(rendered("deployment.yaml", values)["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]),
    )

    assert min(given) > takes


def test_the_paths_are_there(values: dict[str, Any]) -> None:
    """Of probes and scrapes."""
    probes = {key: each["httpGet"]["path"] for key, each in container(values).items() if key.endswith("Probe")}
    scraped = yaml.safe_load((FOLDER / "prometheus.yaml").read_text(encoding="utf-8"))["scrape_configs"][0]
    noted = rendered("service.yaml", values)["metadata"]["annotations"]["prometheus.io/path"]

    assert {"startupProbe": "/readyz", "livenessProbe": "/livez", "readinessProbe": "/readyz"} == probes
    assert {*probes.values(), scraped["metrics_path"], noted} <= PATHS
    assert "taskgate" == scraped["job_name"]


def test_the_journal_is_on_a_disk_that_the_user_may_write(values: dict[str, Any]) -> None:
    """In the container it is the folder that the image makes for its user."""
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    pod = rendered("deployment.yaml", values)["spec"]["template"]["spec"]
    [mounted] = [each for each in container(values)["volumeMounts"] if each["name"] == "journal"]

    assert "install -d -o taskgate /etc/taskgate /var/lib/taskgate" in image
    assert f"--uid {pod['securityContext']['runAsUser']} " in image
    assert "/var/lib/taskgate" == mounted["mountPath"] == unit()["Service"]["WorkingDirectory"]
    assert "journal:/var/lib/taskgate" in compose()["services"]["taskgate"]["volumes"]
    assert "taskgate" == unit()["Service"]["StateDirectory"]


def test_the_charts_configuration_is_a_configuration(
    values: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the secrets that it names. The journal and the audit are on the disk."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "taskgate.toml"
    file.write_text(rendered("config.yaml", values)["data"]["taskgate.toml"], encoding="utf-8")
    (tmp_path / "secrets").mkdir()
    for name in ("gateway", "camunda"):
        (tmp_path / "secrets" / name).write_text("x" * 40, encoding="utf-8")

    settings = load(file)

    assert {"/var/lib/taskgate"} == {
        str(path.parent) for path in (settings.gateway.journal, settings.gateway.audit) if path
    }
    assert "production" == settings.gateway.profile


def test_the_charts_templates_take_every_value(values: dict[str, Any]) -> None:
    """And name the same things."""
    texts = [path.read_text(encoding="utf-8") for path in (CHART / "templates").iterdir()]
    objects = [rendered(path.name, values) for path in (CHART / "templates").iterdir()]
    deployment = rendered("deployment.yaml", values)
    service = rendered("service.yaml", values)

    assert [] == [key for key in values["Values"] if not any(f".Values.{key}" in text for text in texts)]
    assert {"ConfigMap", "Deployment", "PersistentVolumeClaim", "Service"} == {each["kind"] for each in objects}
    assert service["spec"]["selector"].items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
    assert deployment["spec"]["selector"]["matchLabels"] == service["spec"]["selector"]
    claims = [
        each["persistentVolumeClaim"]["claimName"] for each in _volumes(deployment) if "persistentVolumeClaim" in each
    ]
    assert claims == [rendered("journal.yaml", values)["metadata"]["name"]]


def _volumes(deployment: Any) -> Any:
    return deployment["spec"]["template"]["spec"]["volumes"]


@pytest.mark.parametrize(("name", "query"), queries().items(), ids=queries())
def test_a_query_asks_for_what_there_is(name: str, query: str) -> None:
    """The language, metrics, labels, and values of labels."""
    known = documented()
    for selector in selectors(promql_parser.parse(query)):
        assert selector.name is not None
        metric = re.sub(r"_(bucket|count|sum)$", "", selector.name)
        if metric != "up" and not metric.startswith("process_"):
            assert metric in known, name
        for matcher in selector.matchers.matchers:
            if matcher.name in TARGET:
                continue
            assert matcher.name in known[metric], name
            assert set(matcher.value.split("|")) <= VALUES[metric, matcher.name], name
    grouped = set(", ".join(re.findall(r"by \((.*?)\)", query)).split(", ")) - {"", "le"}
    assert all(any(label in labels for labels in known.values()) for label in grouped), name


def test_the_labels_of_the_documentation_are_those_of_the_program() -> None:
    """Of the metrics that count; those of sources are read at a scrape."""
    found = {
        name: set(collector._labelnames)
        for collector, names in Metrics(sources=tuple)._registry._collector_to_names.items()
        for name in names
        if hasattr(collector, "_labelnames") and name in documented()
    }

    assert len(found) >= 8
    assert found == {name: documented()[name] for name in found}


@pytest.mark.parametrize("code", sorted(VALUES["taskgate_graphql_errors_total", "code"]))
def test_the_codes_of_alerts_are_the_programs(code: str) -> None:
    assert f'"{code}"' in (ROOT / "gateway" / "http" / "graphql_route.py").read_text(encoding="utf-8")


def test_a_query_of_something_else_is_found() -> None:
    """The check of queries can fail."""
    with pytest.raises(AssertionError):
        test_a_query_asks_for_what_there_is("", "rate(taskgate_no_such_total[5m])")
    with pytest.raises(AssertionError):
        test_a_query_asks_for_what_there_is("", 'max by (source) (taskgate_source_status{status="BROKEN"})')
    with pytest.raises(ValueError, match="rate"):
        test_a_query_asks_for_what_there_is("", "rate(taskgate_writes_total)")
