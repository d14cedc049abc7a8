"""Compiled lists against graphql-core.

documents  generated documents
records    generated rows
"""

__all__: list[str] = []
