"""Processes that benchmarks start.

stand_ins  the vendors' stand-ins
"""

from benchmarks.processes.stand_ins import serve_until_closed, started

__all__ = ["serve_until_closed", "started"]
