"""Parts of `benchmarks/door.py`.

process  a gateway in a process of its own
load     more requests than it manages
ends     its end while requests arrive
"""

from benchmarks.door_parts.ends import BODY, CONFIGURATION, POST, ended
from benchmarks.door_parts.load import loaded, stand_in_process
from benchmarks.door_parts.process import Gateway, livez, served

__all__ = ["BODY", "CONFIGURATION", "POST", "Gateway", "ended", "livez", "loaded", "served", "stand_in_process"]
