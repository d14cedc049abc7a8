"""TODO."""

from gateway.federation.objects.reader import Reads

__all__ = ["Reads"]
