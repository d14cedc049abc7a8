"""TODO."""

from gateway.http.graphql_route import ASKED, Deadlines, GraphQLRoute
from gateway.http.metrics import Metrics
from gateway.http.request import header
from gateway.http.upstream_log import log_upstream_request

__all__ = ["ASKED", "Deadlines", "GraphQLRoute", "Metrics", "header", "log_upstream_request"]
