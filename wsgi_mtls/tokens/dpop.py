"""DPoP proofs: a request's own signature with its token's key (RFC 9449).

The access token is bound to that key.
"""

import hmac
import json
import logging
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from joserfc import jws

from ..errors import InvalidToken
from ..store import MemoryStore, Store
from ..urls import https_url
from .keys import SigningKey
from .proof_parts import MAX_PROOF, ProofRegistry, claims_of, malformed, one_proof, public_key, refuse_shortage, text_of
from .target import is_at

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger("wsgi_mtls")

ALGORITHMS = ("ES256", "PS256", "Ed25519")
"""Allowed by default: those of FAPI 2.0 section 5.4. A client of DPoP chooses its own key, so all of them do."""
_ASYMMETRIC = frozenset({
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"),
})  # fmt: skip
MAX_WINDOW = 300


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that is right for its request.

    Attributes:
        jkt: the thumbprint of its key (RFC 7638), which the token's ``cnf`` must name.
        jti: unique among the proofs of the same key.
    """

    jkt: str
    jti: str


class DPoP:
    """The check of DPoP proofs that come with access tokens.

    A resource server makes it (RFC 9449 section 4.3).

    Args:
        base_url: the https URL under which clients reach what the application routes as ``/``, its mount point
            included. Nothing is taken from ``Host``, from ``SCRIPT_NAME`` or from a forwarded header.
        algorithms: those that a proof's signature may have, as ``alg`` spells them; asymmetric ones.
        window: how far a proof's ``iat`` may be from this clock, in seconds, either way.
        store: remembers which proofs were used, for twice the window; None is this process's memory, which is right
            only where one process serves. Give ``MemoryStore(evicts=False)`` to confirm that.
        clock: returns seconds since the epoch; for tests.

    Raises:
        ValueError: If an argument has a value that it cannot have.
    """

    def __init__(
        self,
        base_url: str,
        *,
        algorithms: Collection[str] = ALGORITHMS,
        window: float = 60,
        store: Store | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if "?" in base_url:
            raise ValueError("base_url must have no query: it is where the application's / is.")
        https_url(base_url)
        unknown = set(algorithms) - (_ASYMMETRIC & jws.JWSRegistry.algorithms.keys())
        if isinstance(algorithms, str) or not algorithms or unknown:
            raise ValueError(f"algorithms must be a list of asymmetric ones: {', '.join(sorted(_ASYMMETRIC))}.")
        if not 1 <= window <= MAX_WINDOW:
            raise ValueError(f"window must be 1 to {MAX_WINDOW} seconds.")
        self.base_url: Final = base_url.rstrip("/")
        self.algorithms: Final = tuple(algorithms)
        self.is_shared: Final = store is not None
        if store is None:
            logger.warning(
                "DPoP remembers used proofs in this process: where several serve %s, each accepts a proof once. "
                "Give it a store that they share, or MemoryStore(evicts=False) if there is one process.",
                base_url,
            )
        self._store = MemoryStore(evicts=False) if store is None else store
        self._registry = ProofRegistry(algorithms=list(algorithms), strict_check_header=False)
        self._window = window
        self._clock = clock

    def verify(self, environ: "WSGIEnvironment", method: str, token: str) -> Proof:
        """Verify the proof of a request for this access token.

        :meth:`use` finds a second use.

        Args:
            environ: the request, for its ``DPoP`` field and its path.
            method: the request's method.
            token: the access token that came with it.

        Raises:
            InvalidToken: If there is not exactly one valid proof, with the reason.
        """
        signed, header = self._parse(one_proof(environ))
        key = public_key(header.get("jwk"))
        self._verify_signature(signed, key)
        claims = claims_of(signed.payload)
        self._check_request(claims, environ, method, token)
        return Proof(key.thumbprint(), text_of(claims, "jti"))

    def use(self, proof: Proof) -> None:
        """Remember a proof.

        Raises:
            InvalidToken: ``dpop_proof_replayed``: If it was used before.
            InvalidToken: ``tokens_unavailable``: If the store cannot be asked.
        """
        key = sha256(json.dumps(["dpop", proof.jkt, proof.jti]).encode()).hexdigest()
        try:
            # Before iat - window and after iat + window the proof is refused for its age.
            is_new = self._store.add(key, 2 * self._window + 1)
        except Exception as error:  # whatever a shared store raises when it is out of reach
            raise InvalidToken(f"The store of used proofs failed: {error!r}.", reason="tokens_unavailable") from error
        if is_new is not True:
            raise InvalidToken(
                "The proof's jti was used before, or the store can remember no more: make a proof for each request.",
                reason="dpop_proof_replayed",
                found=proof.jti,
            )

    def _parse(self, proof: str) -> tuple[jws.CompactSignature, Mapping[str, object]]:
        if len(proof) > MAX_PROOF:
            raise malformed(f"The proof is longer than {MAX_PROOF} characters.")
        try:
            signed = jws.extract_compact(proof.encode("ascii"), registry=self._registry)
            header: object = signed.headers()
        except Exception as error:  # the octets are the caller's, and joserfc's exceptions for them are many
            refuse_shortage(error)
            raise malformed(f"The proof is not a JWT: {error}.") from None
        if not isinstance(header, dict) or "crit" in header or "b64" in header:
            raise malformed("The proof's header is not an object, or has extensions that a proof cannot have.")
        kind, algorithm = header.get("typ"), header.get("alg")
        if kind != "dpop+jwt":
            raise malformed(f"Expected typ dpop+jwt, found {kind!r:.80}: send a DPoP proof, not another JWT.")
        if not isinstance(algorithm, str) or algorithm not in self.algorithms:
            raise InvalidToken(
                f"The proof's alg {algorithm!r:.80} is not one of the allowed algorithms.",
                reason="dpop_algorithm_not_allowed",
                expected=self.algorithms,
                found=algorithm if isinstance(algorithm, str) else None,
            )
        return signed, header

    def _verify_signature(self, signed: jws.CompactSignature, key: SigningKey) -> None:
        try:
            if jws.validate_compact(signed, key, registry=self._registry):
                return
        except Exception as error:  # for a key that does not fit alg joserfc's exceptions are many
            refuse_shortage(error)
        raise InvalidToken("The proof's own key does not verify it.", reason="dpop_signature_invalid")

    def _check_request(self, claims: Mapping[str, object], environ: "WSGIEnvironment", method: str, token: str) -> None:
        htm, htu, ath = (text_of(claims, name) for name in ("htm", "htu", "ath"))
        if htm != method:
            raise InvalidToken(
                f"The proof is for {htm!r:.40}, the request is a {method}.",
                reason="dpop_method_mismatch",
                expected=method,
                found=htm,
            )
        path = environ.get("PATH_INFO", "")
        if not is_at(htu, self.base_url, path):
            raise InvalidToken(
                f"The proof is for {htu!r:.200}, the request for {path!r:.200} below {self.base_url}: see base_url.",
                reason="dpop_url_mismatch",
                expected=f"{self.base_url}{path}",
                found=htu,
            )
        made, now = claims.get("iat"), self._clock()
        if isinstance(made, bool) or not isinstance(made, int | float):
            raise malformed("The proof's iat must be a number.")
        # Not by a difference, which a huge integer overflows; NaN is in no interval.
        if not now - self._window <= made <= now + self._window:
            raise InvalidToken(
                f"The proof's iat is more than {self._window} seconds from this clock: check the clocks.",
                reason="dpop_proof_out_of_time",
            )
        if not hmac.compare_digest(ath.encode(), _hash(token).encode()):
            raise InvalidToken("The proof's ath is the hash of another access token.", reason="dpop_token_mismatch")


def _hash(token: str) -> str:
    return urlsafe_b64encode(sha256(token.encode("ascii")).digest()).decode().rstrip("=")
