"""TODO."""

from gateway.federation.lists.cursor import CursorCodec
from gateway.federation.lists.flow_list import Catalogues
from gateway.federation.lists.people_list import Directories
from gateway.federation.lists.stats import Stats
from gateway.federation.lists.task_list import Lists

__all__ = ["Catalogues", "CursorCodec", "Directories", "Lists", "Stats"]
