"""Writes as the journal has them.

types.py    Operation: a write and what became of it
queries.py  `operation(id)`
"""
