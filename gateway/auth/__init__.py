"""Sign-in: which person sent a request.

authenticator   `Authenticator`: reads the Authorization header; `sign_in` picks the mode of `[auth]`
demo            the token is a person's key
api_keys        the configuration holds digests of the tokens
challenge       the refusal, with its WWW-Authenticate
"""

from gateway.auth.authenticator import KEPT_CALLERS, Authenticator, SignIn, sign_in
from gateway.auth.challenge import UnauthenticatedCallerError

__all__ = ["KEPT_CALLERS", "Authenticator", "SignIn", "UnauthenticatedCallerError", "sign_in"]
