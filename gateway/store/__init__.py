"""TODO."""

from gateway.store.sqlite import Journal, Record, Stage

__all__ = ["Journal", "Record", "Stage"]
