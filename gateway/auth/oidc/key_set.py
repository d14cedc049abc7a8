"""The keys of a provider's JWKS (RFC 7517) that may check a token's signature."""

from collections.abc import Iterable, Iterator
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key
from joserfc.jws import JWSRegistry

MOST_KEYS = 100
# RSA keys below are weak; above, one check costs much.
_RSA_MODULUS_CHARACTERS = range(2048 * 4 // 24, 8192 * 4 // 24 + 8)
_LONGEST_EXPONENT = 8
_CURVES = frozenset({"P-256", "P-384", "P-521", "Ed25519", "Ed448"})
# What a public key consists of. The rest, private parts and certificates, is left out.
_MEMBERS = ("kty", "n", "e", "crv", "x", "y", "kid", "alg", "use")


class KeySet:
    """Public keys for signatures. Symmetric keys, keys for encryption and keys that cannot be read are left out.

    Keycloak lists a key for encryption beside the one for signatures.
    """

    def __init__(self, listed: Iterable[Any]) -> None:
        self._keys = [key for each in listed if (key := _public_key(each)) is not None]

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, kid: str | None, algorithm: str) -> Key | None:
        """The key of that id for the algorithm; without an id the only key for it."""
        fitting = [key for key in self._fitting(algorithm) if kid is None or key.kid == kid]
        return fitting[0] if fitting and (kid is not None or len(fitting) == 1) else None

    def _fitting(self, algorithm: str) -> Iterator[Key]:
        for key in self._keys:
            try:
                JWSRegistry.algorithms[algorithm].check_key(key)
            except (JoseError, KeyError):
                continue
            yield key


def _public_key(listed: Any) -> Key | None:
    if not isinstance(listed, dict) or not _is_for_signatures(listed):
        return None
    public = {name: listed[name] for name in _MEMBERS if isinstance(listed.get(name), str)}
    is_usable = (
        len(public.get("n", "")) in _RSA_MODULUS_CHARACTERS and len(public.get("e", "")) <= _LONGEST_EXPONENT
        if public.get("kty") == "RSA"
        else public.get("kty") in {"EC", "OKP"} and public.get("crv") in _CURVES
    )
    if not is_usable:
        return None
    try:
        return import_key(public)
    except (JoseError, UnsupportedAlgorithm, ValueError, TypeError, KeyError):
        return None


def _is_for_signatures(listed: dict[str, Any]) -> bool:
    operations = listed.get("key_ops")
    return listed.get("use", "sig") == "sig" and (
        operations is None or (isinstance(operations, list) and "verify" in operations)
    )
