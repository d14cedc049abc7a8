"""Writes: sent at most once, recorded before they are sent, and never reported as more than is known.

pipeline            the way of every write: admit, lock its target, carry out, settle
task_write          verbs of an existing task: read, authorize, validate, send
steps               writes of several steps: what is said if one of them fails
undoing             takes a step back if the one after it has failed, also in the background
progress            what the steps of a write have done, in words
flow_write          verbs of an existing flow
creation            new tasks and flows
ended               what a write that ended a task leaves for its author and its owners
verbs               the table of verbs: intent, command, wanted state, tags touched
wanted_states       the state that each command is to bring about
attempt             the state of one write on its way, and its results
identities          who the people of a write are in its source
command_builder     intents to commands; people and groups to native ids
form_validation     outcomes and form data against the task's form
bulk                one action on several tasks: a write for each, and the dry run
bulk_run            what its entries have become, and what keeps others from beginning
array               writes that travel in one request of the vendor
take_next           the claim of the next task of a list that many share
looks               reads that decide about several writes of one moment
fingerprint         whether two requests are the same, without their arguments
copies              requests that repeat the key of a write that is under way
target_lease        one write to a target at a time, over all gateways on one journal
evidence            what is kept of a command before it is sent
proof               what proves and what disproves each verb after a lost answer
authorship          who brought about what a record shows
looker              reads for what became of a write
lost_answer         while the request is open: look, wait, send again where a guard makes that safe
settlement          what a later look makes of a write of the journal
reconciler          looks at open writes in the background, and gives up at last
read_share          the share of a source's reads for that
audit_lines         the audit's lines about writes
history_check       whether a vendor's history shows what the gateway's account did
recorder            results in the journal, and those that it could not take
replay              what a repeated key shows of the first request's task
recovery            writes that the end of an earlier process cut off
send_once           journal entry, one request upstream, invalidation of cached answers
"""

from gateway.federation.writes.audit_lines import AuditTrail
from gateway.federation.writes.bulk import BulkWriter
from gateway.federation.writes.command_builder import CommandBuilder
from gateway.federation.writes.creation import Creator
from gateway.federation.writes.flow_write import FlowWriter
from gateway.federation.writes.form_validation import FormValidation
from gateway.federation.writes.history_check import shows_last_write
from gateway.federation.writes.identities import Identities
from gateway.federation.writes.looker import Looker
from gateway.federation.writes.looks import Looks
from gateway.federation.writes.lost_answer import LostAnswers, Pause
from gateway.federation.writes.pipeline import WritePipeline
from gateway.federation.writes.reconciler import OpenWrites, Reconciler, Settled
from gateway.federation.writes.recorder import Recorder
from gateway.federation.writes.recovery import Recovery
from gateway.federation.writes.replay import Replays
from gateway.federation.writes.send_once import AtMostOnceSender
from gateway.federation.writes.settlement import Settler
from gateway.federation.writes.steps import StepWriter
from gateway.federation.writes.take_next import NextTask
from gateway.federation.writes.target_lease import TargetLeases
from gateway.federation.writes.task_write import TaskWriter
from gateway.federation.writes.undoing import Undoer

__all__ = [
    "AtMostOnceSender",
    "AuditTrail",
    "BulkWriter",
    "CommandBuilder",
    "Creator",
    "FlowWriter",
    "FormValidation",
    "Identities",
    "Looker",
    "Looks",
    "LostAnswers",
    "NextTask",
    "OpenWrites",
    "Pause",
    "Reconciler",
    "Recorder",
    "Recovery",
    "Replays",
    "Settled",
    "Settler",
    "StepWriter",
    "TargetLeases",
    "TaskWriter",
    "Undoer",
    "WritePipeline",
    "shows_last_write",
]
