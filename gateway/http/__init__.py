"""What speaks HTTP: the GraphQL route, health, metrics and the logs of requests.

graphql_route   `/graphql`: reads a request, signs the caller in, runs the schema, writes JSON
socket          `/graphql` as a WebSocket: graphql-transport-ws
streamed_answer  answers that are streams: server-sent events, multipart
incremental_answer  answers in parts, for @defer and @stream
webhooks        `/webhooks/<source>`: a vendor says that something has changed
operation_streams  operations whose answer is a stream, whatever the transport
origins         from which pages a socket may be opened
token_end       until when a token holds
serving         what one request is served with
deadlines       how long an operation may wait for its sources
request         the GraphQL request in a URL or a body, checked; `RefusedError`
requested_document  the text of the document that a request sends or names
entity_tag      answers of GET that a client has already
media_types     content negotiation of GraphQL over HTTP
bounded_protocol  connections: bytes of heads, time for heads and bodies, how many there are
cors            what pages of other origins may send and read
tracing         a span for each request to the API
hanging_up      whether the client of a request has hung up
protected_resource  which identity provider signs people in, for clients that look for it
compression     gzip, for clients that ask for it
direct_path     requests of one path, without the router
json_answer     an answer of JSON that is written already
front_page      `/`: leads to GraphiQL, or says where the API is
health          `/livez` and `/readyz`
kept_answers    whole answers, given again as long as all that they rest on stands
operation_record  what became of a GraphQL request, for the metrics
metrics         `/metrics` for Prometheus
access_log      one log line for each request to the gateway
request_id      the id that an answer and all log lines of its request share
caller_budgets  how much one person may ask for in a minute
load_limit      how many GraphQL requests are carried out side by side
upstream_log    one log line for each upstream request
"""

from gateway.http.access_log import AccessLog
from gateway.http.bounded_protocol import ConnectionBounds, bounded_protocol, change_bounds
from gateway.http.caller_budgets import CallerBudgets
from gateway.http.compression import Compression
from gateway.http.cors import Cors
from gateway.http.deadlines import Deadlines
from gateway.http.direct_path import DirectPath
from gateway.http.front_page import front_page
from gateway.http.graphql_route import GraphQLRoute
from gateway.http.health import health_routes
from gateway.http.kept_answers import KeptAnswers
from gateway.http.load_limit import LoadLimit
from gateway.http.metrics import Metrics, metrics_routes
from gateway.http.operation_record import OperationRecord
from gateway.http.operation_streams import OperationStreams
from gateway.http.protected_resource import ProtectedResource
from gateway.http.request_id import HEADER as REQUEST_ID_HEADER
from gateway.http.serving import Serving
from gateway.http.socket import GraphQLSockets
from gateway.http.tracing import Traced
from gateway.http.upstream_log import log_upstream_request
from gateway.http.webhooks import Webhooks

__all__ = [
    "REQUEST_ID_HEADER",
    "AccessLog",
    "CallerBudgets",
    "Compression",
    "ConnectionBounds",
    "Cors",
    "Deadlines",
    "DirectPath",
    "GraphQLRoute",
    "GraphQLSockets",
    "KeptAnswers",
    "LoadLimit",
    "Metrics",
    "OperationRecord",
    "OperationStreams",
    "ProtectedResource",
    "Serving",
    "Traced",
    "Webhooks",
    "bounded_protocol",
    "change_bounds",
    "front_page",
    "health_routes",
    "log_upstream_request",
    "metrics_routes",
]
