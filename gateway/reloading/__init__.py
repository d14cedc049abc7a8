"""Another configuration for a gateway that runs.

present   a value that is replaced while requests go on with the one before
changes   what a reload changes, and what needs a restart
control   the socket beside the journal by which `taskgate reload` reaches the gateway
"""

from gateway.reloading.changes import Reloaded, ReloadError, changed_tables, reloadable
from gateway.reloading.control import ControlSocket, reload_running
from gateway.reloading.present import Pinned, Present

__all__ = [
    "ControlSocket",
    "Pinned",
    "Present",
    "ReloadError",
    "Reloaded",
    "changed_tables",
    "reload_running",
    "reloadable",
]
