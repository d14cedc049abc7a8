"""`taskgate people`: what operators do with the people that the gateway knows."""

from typing import Annotated

import typer

from gateway.cli.configuration import load_or_fail
from gateway.cli.failure import fail
from gateway.cli.logs import log_errors_only
from gateway.cli.options import ConfigFile

people = typer.Typer(help="People that the gateway knows.", no_args_is_help=True)


@people.callback()
def group() -> None:
    """People that the gateway knows."""


@people.command()
def forget(key: Annotated[str, typer.Argument(help="The person's key.")], config: ConfigFile) -> None:
    """Erase a person from the journal of writes: name, address and accounts that their tokens told, their settled writes with
    idempotency keys, and the tasks that they ended.
    Prints what else has the person's key. Exit 1 while writes are left that are not settled for long enough.
    """
    log_errors_only()
    settings = load_or_fail(config)
    from connectors.sdk.errors import GatewayUnavailableError
    from gateway.inspection import forget_person

    try:
        forgotten = forget_person(settings, key)
    except GatewayUnavailableError as error:
        fail(f"{settings.gateway.journal if settings.store.url is None else '[store] url'}: {error.message}")
    if forgotten.was_known:
        print("journal: erased what the person's tokens told")
    print(f"journal: erased {forgotten.writes} writes and {forgotten.ended_tasks} tasks that the person ended")
    for index, person in enumerate(settings.people):
        if person.key == key:
            print(f"configuration: people[{index}] is this person; remove it and restart the gateway")
    print("gateways that run: what they have in memory is gone when they are restarted")
    print("logs and audit: their lines name the person until you delete them")
    if forgotten.left:
        fail(f"journal: {forgotten.left} writes are open or less than 15 minutes old; run this again later")
