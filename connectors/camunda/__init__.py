"""Camunda 8: the Orchestration Cluster REST API v2, server 8.8 to 8.10."""

from connectors.camunda.connector import CamundaConnector

CONNECTOR = CamundaConnector

__all__ = ["CONNECTOR", "CamundaConnector"]
