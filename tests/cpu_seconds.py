"""Runs a command, then prints the CPU seconds that it and every process below it used: `cpu_seconds.py COMMAND...`.

Servers that tests start, workers of pytest and what those start are counted once they have ended. The exit code is the
command's; a signal that ends the command gives 128 + its number, as a shell does.
"""

import ctypes
import os
import resource
import signal
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
"""prctl(2), Linux."""


def adopt_orphans() -> None:
    """Processes whose parent ended without waiting for them become children of this one, and count. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_orphans() -> None:
    """Wait for children that have ended. Running ones are left alone."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def main(command: list[str]) -> int:
    adopt_orphans()
    began = time.monotonic()
    # The command does not inherit a handler, as it would SIG_IGN: Ctrl-C ends the command, and this program still reports.
    signal.signal(signal.SIGINT, lambda *_: None)
    code = subprocess.run(command, check=False).returncode
    seconds = time.monotonic() - began
    reap_orphans()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = used.ru_utime + used.ru_stime
    print(
        f"CPU: {total:.0f} s ({used.ru_utime:.0f} s user, {used.ru_stime:.0f} s system), {seconds:.0f} s elapsed",
        file=sys.stderr,
    )
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
