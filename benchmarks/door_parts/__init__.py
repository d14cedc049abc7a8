"""Parts of `benchmarks/door.py`.

process  a gateway in a process of its own
load     more requests than it manages
"""

from benchmarks.door_parts.load import loaded, stand_in_process
from benchmarks.door_parts.process import Gateway, livez, served

__all__ = ["Gateway", "livez", "loaded", "served", "stand_in_process"]
