"""LittleHorse User Tasks Bridge. README.md says how its tasks appear in the gateway.

settings       configuration of a source
wire           the bridge's JSON
client         one method per operation
errors         the bridge's refusals as errors of the sdk
ids            the native id of a task
mapping        the bridge's records as tasks, people, groups and flows
search         lists of tasks: the filters that the bridge applies
paging         lists of tasks: several lists of the bridge as one
details        a task's record, detail, activities and comments
forms          a task's form, outcomes and data, and the values that complete it
people         users and groups
options        vendor options of commands
assignment     giving a task to a person or a group, by the account
after_write    the task after an assignment or a cancel
traces         what the vendor's records tell afterwards of a write whose answer was lost
extras         operations that the gateway does not use
connector      the reads and verbs of the source
"""

from connectors.littlehorse.connector import LittlehorseConnector
from connectors.littlehorse.settings import LittlehorseSettings

CONNECTOR = LittlehorseConnector

__all__ = ["CONNECTOR", "LittlehorseConnector", "LittlehorseSettings"]
