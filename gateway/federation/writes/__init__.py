"""TODO."""

from gateway.federation.writes.command_builder import Orders
from gateway.federation.writes.flow_write import FlowWrites
from gateway.federation.writes.pipeline import Writes
from gateway.federation.writes.send_once import Sending
from gateway.federation.writes.task_write import TaskWrites

__all__ = ["FlowWrites", "Orders", "Sending", "TaskWrites", "Writes"]
