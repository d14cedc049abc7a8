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
bulk                one action on several tasks: a write for each, and the dry run
bulk_run            what its entries have become, and what keeps others from beginning
array               writes that travel in one request of the vendor
take_next           the claim of the next task of a list that many share
recorder            results in the journal, and those that it could not take
recovery            writes that the end of an earlier process cut off
send_once           journal entry, one request upstream, invalidation of cached answers
verification        what a record proves about a write whose answer was lost
"""

from gateway.federation.writes.bulk import BulkWriter
from gateway.federation.writes.command_builder import CommandBuilder
from gateway.federation.writes.creation import Creator
from gateway.federation.writes.flow_write import FlowWriter
from gateway.federation.writes.pipeline import WritePipeline
from gateway.federation.writes.recovery import Recovery
from gateway.federation.writes.send_once import AtMostOnceSender
from gateway.federation.writes.take_next import NextTask
from gateway.federation.writes.task_write import TaskWriter

__all__ = [
    "AtMostOnceSender",
    "BulkWriter",
    "CommandBuilder",
    "Creator",
    "FlowWriter",
    "NextTask",
    "Recovery",
    "TaskWriter",
    "WritePipeline",
]
