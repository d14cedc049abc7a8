"""Sign-in with tokens of identity providers (OpenID Connect, RFC 9068).

sign_in        `OidcSignIn`: the person of a token; `open_issuers`
token_check    `TokenCheck`: issuer, signature and registered claims
compact_token  a token's parts, read before they are believed
claims         the person in the claims of a checked token
kept_tokens    tokens that were checked a moment ago
issuer         `Issuer`: one provider's keys, kept fresh, and its status
key_set        the keys of a JWKS that check signatures
provider       bounded requests to a provider: discovery and JWKS
refusal        why a token signs no person in
"""

from gateway.auth.oidc.issuer import Issuer, IssuerStatus
from gateway.auth.oidc.sign_in import OidcSignIn, open_issuers

__all__ = ["Issuer", "IssuerStatus", "OidcSignIn", "open_issuers"]
