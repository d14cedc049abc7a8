"""Sign-in: which person sent a request.

authenticator   `Authenticator`: reads the Authorization header; `open_authenticator` picks the mode of `[auth]`
demo            the token is a person's key
api_keys        the configuration holds digests of the tokens
oidc            tokens of identity providers
challenge       the refusals; one with its WWW-Authenticate
"""

from gateway.auth.authenticator import Authenticator, Login, SignIn, open_authenticator
from gateway.auth.challenge import SignInUnavailableError, UnauthenticatedCallerError
from gateway.auth.oidc import IssuerStatus

__all__ = [
    "Authenticator",
    "IssuerStatus",
    "Login",
    "SignIn",
    "SignInUnavailableError",
    "UnauthenticatedCallerError",
    "open_authenticator",
]
