"""`taskgate reload`: gateways that run take over the changed configuration."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gateway.cli.configuration import load_or_fail
from gateway.cli.failure import fail
from gateway.cli.options import ConfigFile

if TYPE_CHECKING:
    from gateway.reloading import Reloaded
    from gateway.settings import Settings


def reload(config: ConfigFile) -> None:
    """Reloads the configuration of the gateways that run over its journal."""
    from gateway.reloading import reload_running

    journal = load_or_fail(config).gateway.journal
    answers = reload_running(journal)
    if not answers:
        fail(f"no gateway runs over {journal}")
    for done, lines in answers:
        for line in lines:
            print(line, file=sys.stdout if done else sys.stderr)
    if not all(done for done, _ in answers):
        raise typer.Exit(1)


class Reloads:
    """Reads the file anew and hands it to the gateway. What became of it is logged, and told to the one who asked."""

    def __init__(
        self,
        config: Path,
        apply: Callable[["Settings"], Awaitable["Reloaded"]],
        applied: Sequence[Callable[["Settings"], None]] = (),
    ) -> None:
        """`applied` are called with the settings after each reload that was done."""
        self._config = config
        self._apply = apply
        self.applied = list(applied)

    async def __call__(self) -> tuple[bool, Sequence[str]]:
        """Whether it was done, and lines that say what has changed, or why nothing has."""
        import asyncio

        import structlog

        from gateway.reloading import ReloadError
        from gateway.settings import ConfigurationError, load

        log = structlog.get_logger("taskgate.reload")
        try:
            # Reading and checking the file takes a while.
            settings = await asyncio.to_thread(load, self._config)
            done = await self._apply(settings)
        except (ConfigurationError, ReloadError) as error:
            lines = str(error).splitlines()
            log.error("not reloaded", reasons=lines)  # noqa: TRY400 the reasons say it
            return False, ["nothing was changed:", *lines]
        except Exception:
            log.exception("not reloaded")
            return False, ["nothing was changed: an internal error, which the log has"]
        for each in self.applied:
            each(settings)
        log.info("reloaded", changed=list(done.changed), needs_restart=list(done.needs_restart))
        return True, done.lines
