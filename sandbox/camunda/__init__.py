"""Camunda 8.9, Orchestration Cluster REST API v2."""

from sandbox.camunda.stand_in import CamundaStandIn

STAND_IN = CamundaStandIn
