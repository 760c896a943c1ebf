"""A client of DPoP: a key of its own, and a proof for each request (RFC 9449)."""

import hashlib
import json
from base64 import urlsafe_b64encode
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

BASE_URL = "https://api.example.com"


def base64url(octets: bytes) -> str:
    return urlsafe_b64encode(octets).decode().rstrip("=")


def ath(token: str) -> str:
    """Hash a token as RFC 9449 section 4.2 says."""
    return base64url(hashlib.sha256(token.encode()).digest())


class Prover:
    """A client, as far as it makes proofs."""

    def __init__(self, key: ECKey | RSAKey | OKPKey | None = None, algorithm: str = "ES256") -> None:
        self.key = key or ECKey.generate_key("P-256")
        self.algorithm = algorithm
        self.made = 0

    @property
    def jkt(self) -> str:
        return self.key.thumbprint()

    def proof(self, token: str, now: float, header: Any = None, signed_by: Key | None = None, **changes: object) -> str:
        """Make a right proof for ``GET /accounts`` with these changes; None takes a member out."""
        self.made += 1
        claims = {
            "jti": f"{self.made}",
            "htm": "GET",
            "htu": f"{BASE_URL}/accounts",
            "iat": int(now),
            "ath": ath(token),
        }
        whole = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.key.as_dict(private=False), **(header or {})}
        registry = jws.JWSRegistry(algorithms=[str(whole["alg"])], strict_check_header=False)
        registry.max_header_length = registry.max_payload_length = 100_000
        payload = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        return jws.serialize_compact(
            {name: value for name, value in whole.items() if value is not None},
            json.dumps(payload).encode(),
            signed_by or self.key,
            registry=registry,
        )
