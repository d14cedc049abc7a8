"""The keys that the issuer signs with, and the set of keys that it shows."""

import secrets
from functools import cache
from typing import Any, Literal

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeyParameters, RSAKey

Algorithm = Literal["RS256", "ES256"]


class KeyRing:
    """The newest key signs. ES256 keys cost next to nothing to make; RS256 is what providers have by default."""

    def __init__(self, algorithm: Algorithm = "RS256") -> None:
        self._algorithm = algorithm
        self._keys: list[Key] = []
        self.rotate()

    @property
    def kid(self) -> str:
        return str(self._keys[-1].kid)

    @property
    def signing_key(self) -> Key:
        return self._keys[-1]

    def rotate(self) -> None:
        """A new key signs from now on; the older ones stay in the set."""
        self._keys.append(_new_key(self._algorithm))

    def withdraw(self) -> None:
        """Only the newest key stays in the set."""
        del self._keys[:-1]

    def jwks(self) -> dict[str, Any]:
        """The set, newest first. As in Keycloak's there is a key for encryption too, which signs nothing."""
        return {"keys": [*(key.as_dict(private=False) for key in reversed(self._keys)), _for_encryption()]}

    def signed(self, claims: dict[str, Any], header: dict[str, Any] | None = None) -> str:
        written = {"alg": self._algorithm, "kid": self.kid, **(header or {})}
        return jwt.encode(written, claims, self.signing_key, algorithms=[self._algorithm])

    def verified(self, token: str) -> dict[str, Any] | None:
        """The claims of a token that a key of the set has signed; None for any other text."""
        for key in self._keys:
            try:
                return jwt.decode(token, key, algorithms=[self._algorithm]).claims
            except (JoseError, ValueError):
                continue
        return None


def _new_key(algorithm: Algorithm) -> Key:
    parameters: KeyParameters = {"kid": secrets.token_urlsafe(16), "alg": algorithm, "use": "sig"}
    if algorithm == "ES256":
        return ECKey.generate_key("P-256", parameters)
    return RSAKey.generate_key(2048, parameters)


@cache
def _for_encryption() -> dict[str, Any]:
    parameters: KeyParameters = {"kid": "for-encryption", "alg": "RSA-OAEP", "use": "enc"}
    return dict(RSAKey.generate_key(2048, parameters).as_dict(private=False))
