"""TODO."""

from gateway.federation.objects.definitions import Definitions
from gateway.federation.objects.reader import Reads

__all__ = ["Definitions", "Reads"]
