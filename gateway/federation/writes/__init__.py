"""Writes: sent at most once, recorded before they are sent, and never reported as more than is known.

pipeline            the way of every write: admit, lock its target, carry out, settle
task_write          verbs of an existing task: read, authorize, validate, send, verify
steps               writes of several steps: what is said if one of them fails
undoing             takes a step back if the one after it has failed, also in the background
progress            what the steps of a write have done, in words
flow_write          verbs of an existing flow
creation            new tasks and flows
ended               what a write that ended a task leaves for its author and its owners
verbs               the table of verbs: intent, command, proof of application, tags touched
attempt             the state of one write on its way, and its results
command_builder     intents to commands; people and groups to native ids
form_validation     outcomes and form data against the task's form
recorder            results in the journal, and those that it could not take
recovery            writes that the end of an earlier process cut off
send_once           journal entry, one request upstream, invalidation of cached answers
verification        what a record proves about a write whose answer was lost
"""

from gateway.federation.writes.command_builder import CommandBuilder
from gateway.federation.writes.creation import Creator
from gateway.federation.writes.flow_write import FlowWriter
from gateway.federation.writes.pipeline import WritePipeline
from gateway.federation.writes.recovery import Recovery
from gateway.federation.writes.send_once import AtMostOnceSender
from gateway.federation.writes.steps import StepWriter
from gateway.federation.writes.task_write import TaskWriter
from gateway.federation.writes.undoing import Undoer

__all__ = [
    "AtMostOnceSender",
    "CommandBuilder",
    "Creator",
    "FlowWriter",
    "Recovery",
    "StepWriter",
    "TaskWriter",
    "Undoer",
    "WritePipeline",
]
