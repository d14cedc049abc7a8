"""GEOtareas workflow tasks. README.md says how they appear in the gateway.

settings       configuration of a source
wire           the vendor's JSON
client         one method per operation, and the login
errors         the vendor's refusals as errors of the sdk
ids            ids and definition keys
mapping        task records as tasks
details        a task's form, outcomes, data and previous steps
search         lists of tasks: filters and streams
flows          workflow instances: filters, streams and records
after_write    the task after a reassignment or completion
extras         operations that the gateway does not use
connector      the reads and verbs of the source
"""

from connectors.geotareas.connector import GeotareasConnector
from connectors.geotareas.settings import GeotareasSettings

CONNECTOR = GeotareasConnector

__all__ = ["CONNECTOR", "GeotareasConnector", "GeotareasSettings"]
