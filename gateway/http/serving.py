"""What one request is served with."""

from msgspec import Struct

from gateway.auth import Authenticator
from gateway.documents import DocumentLookup
from gateway.http.caller_budgets import CallerBudgets
from gateway.http.deadlines import Deadlines
from gateway.http.kept_answers import KeptAnswers
from gateway.http.operation_streams import OperationStreams
from schema.execution import Execution
from schema.ports import Federation


class Serving(Struct, frozen=True, kw_only=True):
    """What one request is served with. `budgets` bound what one person asks for. `kept` has whole answers, `documents` the
    texts of documents that clients name. `is_direct`: a kept answer is found before its request is parsed.
    """

    execution: Execution
    authenticator: Authenticator
    federation: Federation
    max_body_bytes: int
    deadlines: Deadlines
    budgets: CallerBudgets
    streams: OperationStreams
    documents: DocumentLookup
    kept: KeptAnswers | None = None
    is_direct: bool = True
