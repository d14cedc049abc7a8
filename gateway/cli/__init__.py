"""The commands of `taskgate`. Each imports its heavy parts itself, so that no command waits for those of another.

demo            sandbox and gateway in one process
serve           the gateway
sandbox         the stand-ins
reload          gateways that run take over the configuration
check           the configuration, and whether every source answers
schema          the SDL
people          erases a person from the journal
store           the tables of the journal in PostgreSQL
version         the option `--version`

rights_check    what the account of a source may not list
directory_check  what `check` says of a source's directory
options         types of options that several commands have
configuration   the configuration file, read or written
stand_ins       the chosen stand-ins, with data
asgi_server     an application served by this process
listener        accepts its connections
run             runs a command until it ends or is stopped by a signal
logs            which log lines, and how they are written
log_writer      the thread that writes them
table           a table as text
failure         one line on stderr and exit code 1
"""

import typer

from gateway.cli import check, demo, people, reload, sandbox, schema, serve, store, version

app = typer.Typer(no_args_is_help=True, add_completion=False)
app.callback()(version.main)
app.command()(demo.demo)
app.command()(serve.serve)
app.command()(reload.reload)
app.command()(sandbox.sandbox)
app.command()(check.check)
app.command()(schema.schema)
app.add_typer(people.people, name="people")
app.add_typer(store.store, name="store")

__all__ = ["app"]
