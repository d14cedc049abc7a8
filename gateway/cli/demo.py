"""`taskgate demo`: sandbox and gateway in one process, to try out."""

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.asgi_server import AsgiServer, bound
from gateway.cli.failure import fail
from gateway.cli.logs import log_errors_only
from gateway.cli.options import LOCALHOST, Port, Seed, Tasks
from gateway.cli.run import forever, run
from gateway.cli.stand_ins import filled_stand_ins
from gateway.cli.table import print_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.settings import Settings
    from sandbox.stand_in import StandIn

INBOX = """query Inbox {
  viewer { user { displayName }
    inbox(first: 100, scope: MINE) {
      totalCount
      nodes { title state dueAt isOverdue source { name } }
      sources { source { name } status upstreamCalls error { message } }
    }
  }
}"""
FIRST_QUERY = "{ viewer { inbox(first: 5, scope: MINE_OR_CLAIMABLE) { totalCount nodes { id title state dueAt source { key } } } } }"


def demo(
    port: Port = 8000,
    sandbox_port: Port = 9100,
    tasks: Tasks = 40,
    seed: Seed = 7,
    once: Annotated[bool, typer.Option("--once", help="Exit after printing the inbox.")] = False,
) -> None:
    """Sandbox and gateway in one process: prints the addresses, the people and the viewer's inbox."""
    log_errors_only()
    _tell(f"filling the stand-ins of six systems with {tasks} tasks each")
    run(_demo(filled_stand_ins(None, tasks=tasks, seed=seed), port, sandbox_port, once=once))


def _tell(doing: str) -> None:
    """What happens now, for people who wait. Apart from the result: on stderr."""
    print(f"{doing} ...", file=sys.stderr, flush=True)


async def _demo(chosen: "list[StandIn]", port: int, sandbox_port: int, *, once: bool) -> None:
    import secrets
    from contextlib import AsyncExitStack

    from sandbox.config import configuration
    from sandbox.server import PortTakenError
    from sandbox.server import serve as serve_stand_ins

    with tempfile.TemporaryDirectory(prefix="taskgate-demo-") as folder:
        async with AsyncExitStack() as stack:
            try:
                urls = await stack.enter_async_context(serve_stand_ins(chosen, host=LOCALHOST, base_port=sandbox_port))
            except PortTakenError as error:
                fail(f"{error}; choose another --sandbox-port (make demo SANDBOX_PORT=9200)")
            listener = bound(LOCALHOST, port, advice="choose another --port (make demo PORT=8010)")
            # A taken port is told at once: the gateway's parts take seconds to import.
            _tell("starting the gateway, which takes some seconds")
            from gateway.app import create_app
            from gateway.settings import load

            path = Path(folder) / "taskgate.toml"
            path.write_text(configuration(chosen, urls, secrets.token_urlsafe(32)), encoding="utf-8")
            settings = load(path)
            await stack.enter_async_context(AsgiServer(create_app(settings), listener, settings.gateway))
            origin = f"http://{LOCALHOST}:{port}"
            _tell("reading alice's inbox from all of them")
            inbox = await _inbox(f"{origin}/graphql")
            _print_links(origin, {"sandbox": f"http://{LOCALHOST}:{sandbox_port}", **urls})
            _print_people(settings)
            complete = inbox is not None and _print_inbox(inbox)
            if once:
                if not complete:
                    raise typer.Exit(1)
                return
            _print_first_query(f"{origin}/graphql", next(iter(urls.values())))
            await forever()


def _print_links(origin: str, stand_ins: "Mapping[str, str]") -> None:
    links = {
        "inbox": f"{origin}/  (in a browser)",
        "GraphiQL": f"{origin}/graphql  (in a browser)",
        "GraphQL": f"{origin}/graphql",
        "health": f"{origin}/readyz",
        "metrics": f"{origin}/metrics",
        **stand_ins,
    }
    for name, url in links.items():
        print(f"{name:<12} {url}")
    print()


def _print_people(settings: "Settings") -> None:
    print_table(
        ("person", "name", "groups", "roles"),
        [
            (person.key, person.name, ", ".join(person.groups), ", ".join(person.roles) or "-")
            for person in settings.people
        ],
    )


async def _inbox(address: str) -> "dict[str, Any] | None":
    """The viewer's inbox as the default person, by an HTTP request; None with a line on stderr if there is none."""
    import httpx2

    async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:
        answer = (await client.post(address, json={"query": INBOX})).json()
    if "errors" in answer:
        print(f"the inbox could not be read: {answer['errors'][0]['message']}", file=sys.stderr)
        return None
    viewer: dict[str, Any] = answer["data"]["viewer"]
    return viewer


def _print_inbox(viewer: "Mapping[str, Any]") -> bool:
    """True when every source answered."""
    inbox = viewer["inbox"]
    print(f"\n{viewer['user']['displayName']}'s inbox, {inbox['totalCount']} open tasks, soonest due first:\n")
    print_table(
        ("due (UTC)", "", "task", "state", "system"),
        [
            (
                "-" if node["dueAt"] is None else node["dueAt"][:16].replace("T", " "),
                "overdue" if node["isOverdue"] else "",
                node["title"],
                node["state"],
                node["source"]["name"],
            )
            for node in inbox["nodes"]
        ],
    )
    failed = [report for report in inbox["sources"] if report["status"] != "OK"]
    for report in failed:
        reason = report["error"]["message"] if report["error"] else ""
        print(f"{report['source']['name']}: {report['status']} {reason}", file=sys.stderr)
    return not failed


def _print_first_query(address: str, stand_in: str) -> None:
    print(f"""
Without a token you are alice. To send a query as bob:

  curl -s {address} -H 'Authorization: Bearer bob' -H 'Content-Type: application/json' \\
    -d '{{"query": "{FIRST_QUERY}"}}'

What a stand-in was asked and has applied, and faults to try out: {stand_in}/__sandbox__/

Stop with Ctrl-C.""")
    sys.stdout.flush()
