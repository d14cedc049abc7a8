"""Flows: what tasks belong to."""
