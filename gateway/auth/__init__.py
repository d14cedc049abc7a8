"""TODO."""

from gateway.auth.authenticator import KEPT_CALLERS, Authenticator, UnauthenticatedCallerError

__all__ = ["KEPT_CALLERS", "Authenticator", "UnauthenticatedCallerError"]
