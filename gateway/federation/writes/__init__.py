"""Writes: sent at most once, recorded before they are sent, and never reported as more than is known.

pipeline            the way of every write: admit, lock its target, carry out, settle
task_write          verbs of an existing task: read, authorize, validate, send, verify
flow_write          verbs of an existing flow
creation            new tasks and flows
ended               what a write that ended a task leaves for its author and its owners
verbs               the table of verbs: intent, command, proof of application, tags touched
attempt             the state of one write on its way, and its results
command_builder     intents to commands; people and groups to native ids
form_validation     outcomes and form data against the task's form
looks               reads that decide about several writes of one moment
copies              requests that repeat the key of a write that is under way
target_lease        one write to a target at a time, over all gateways on one journal
recorder            results in the journal, and those that it could not take
recovery            writes that the end of an earlier process cut off
send_once           journal entry, one request upstream, invalidation of cached answers
verification        what a record proves about a write whose answer was lost
"""

from gateway.federation.writes.command_builder import CommandBuilder
from gateway.federation.writes.creation import Creator
from gateway.federation.writes.flow_write import FlowWriter
from gateway.federation.writes.looks import Looks
from gateway.federation.writes.pipeline import WritePipeline
from gateway.federation.writes.recovery import Recovery
from gateway.federation.writes.send_once import AtMostOnceSender
from gateway.federation.writes.target_lease import TargetLeases
from gateway.federation.writes.task_write import TaskWriter

__all__ = [
    "AtMostOnceSender",
    "CommandBuilder",
    "Creator",
    "FlowWriter",
    "Looks",
    "Recovery",
    "TargetLeases",
    "TaskWriter",
    "WritePipeline",
]
