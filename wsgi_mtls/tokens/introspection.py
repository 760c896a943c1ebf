"""Access tokens that the authorization server is asked about (RFC 7662)."""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from ..errors import InvalidToken
from ..https import TIMEOUT, ConfiguredEndpoint, FetchFailed
from ..sealed_store import believed
from ..store import MemoryStore, Store
from .claims import audiences, check_audience, check_times
from .signatures import ALGORITHMS, Signatures, signing_keys
from .signed_answers import MAX_SIGNED, MEDIA_TYPE, ReadAnswer, read_plain, signed_reader

logger = logging.getLogger("wsgi_mtls")

# What servers call an access token, if they state the kind of a token: RFC 7662 section 2.2, Hydra, Keycloak.
_ACCESS_TOKEN = {
    "token_type": frozenset({"bearer", "access_token", "dpop"}),
    "token_use": frozenset({"access_token", "access"}),
    "typ": frozenset({"bearer", "dpop", "at+jwt", "application/at+jwt"}),
}
MAX_OCTETS = 8 * 1024 * 1024
"""The most octets of answers that a process caches by default."""
MAX_CACHE_SECONDS = 300


class IntrospectedTokens:
    """A decoder of tokens that asks the introspection endpoint.

    It authenticates itself with its own client certificate (RFC 8705 section 2). Whether a token is bound to the
    certificate of the request is checked on every request, cached or not.

    Args:
        endpoint: the URL of the introspection endpoint; the one for mutual TLS, where the server has two.
        audience: the names of this API, of which ``aud`` must hold one.
        client_id: this API's own, as a client of the authorization server.
        certificate: PEM file of its certificate, its chain below it; read again when it changes, as the key and ``ca``.
        private_key: PEM file of the certificate's key.
        ca: PEM file of the CAs that the endpoint is validated against; None is the system's.
        cache_seconds: how long an active token's answer is believed, so how late a revocation is noticed; 0 is none.
        timeout: how long a request may take as a whole, in seconds.
        proxy: the URL of an HTTP proxy, or ``"environment"`` for ``HTTPS_PROXY`` and ``NO_PROXY``.
        clock: returns seconds since the epoch; for tests.
        issuer: the authorization server, exactly as in ``iss`` of signed answers; separates its tokens in a store.
        jwks: its keys, as a JWK set, if it signs its answers (RFC 9701): then others are refused.
        jwks_uri: or where they are fetched.
        algorithms: those that the signature of an answer may have; asymmetric ones.
        store: keeps answers; None is this process's memory. One that processes share is a
            :class:`~wsgi_mtls.sealed_store.SealedStore`.

    Raises:
        ValueError: If an argument has an impossible value.
        OSError: If a file can't be read, or is not what it should be.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        audience: str | Collection[str],
        client_id: str,
        certificate: Path | str,
        private_key: Path | str,
        ca: Path | str | None = None,
        cache_seconds: float = 10,
        timeout: float = TIMEOUT,
        proxy: str | None = None,
        clock: Callable[[], float] = time.time,
        issuer: str | None = None,
        jwks: Mapping[str, object] | None = None,
        jwks_uri: str | None = None,
        algorithms: Collection[str] = ALGORITHMS,
        store: Store | None = None,
    ) -> None:
        if not 0 <= cache_seconds <= MAX_CACHE_SECONDS:
            raise ValueError(f"cache_seconds must be 0 to {MAX_CACHE_SECONDS}.")
        self._endpoint = ConfiguredEndpoint(
            endpoint, ca=ca, certificate=certificate, private_key=private_key, timeout=timeout, proxy=proxy
        )
        self._audiences = audiences(audience)
        self._client_id = client_id
        self._issuer = issuer
        self._accept = "application/json"
        self._read: ReadAnswer = read_plain
        if jwks is not None or jwks_uri is not None:
            if not issuer:
                raise ValueError("Signed answers need issuer: the text in their iss.")
            keys = signing_keys(jwks, jwks_uri, ca=ca, timeout=timeout, proxy=proxy, clock=clock)
            signatures = Signatures(keys, algorithms, MAX_SIGNED)
            self._accept = MEDIA_TYPE
            self._read = signed_reader(issuer, self._audiences | {client_id}, signatures)
        self._seconds = cache_seconds
        self._store = believed(store, lambda: MemoryStore(MAX_OCTETS))
        self._clock = clock

    def decode(self, token: str, /) -> dict[str, object]:
        """Return the introspection response about an active token for this API.

        Raises:
            InvalidToken: If the token is not valid, with the reason.
            InvalidToken: ``tokens_unavailable``: If the authorization server can't be asked now.
        """
        if not token.isascii():
            raise InvalidToken("A token is ASCII (RFC 6750 section 2.1).", reason="malformed_token")
        key = self._key(token)
        claims = self._kept(key)
        if claims is None:
            asked = time.monotonic()
            claims = self._ask(token)
            self._check(claims)
            self._keep(key, claims, self._seconds - (time.monotonic() - asked))
        else:
            self._check(claims)
        return claims

    def _key(self, token: str) -> str:
        parts = ["introspection", self._endpoint.url, self._issuer, self._client_id, token]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def _kept(self, key: str) -> dict[str, object] | None:
        if not self._seconds:
            return None
        try:
            kept = self._store.get(key)
            claims: object = None if kept is None else json.loads(kept)
        except Exception as error:  # whatever a shared store raises when it is out of reach, or holds
            logger.warning("the store of introspection answers failed: %r", error)
            return None
        return claims if isinstance(claims, dict) else None

    def _keep(self, key: str, claims: Mapping[str, object], seconds: float) -> None:
        if seconds <= 0:
            return
        try:
            self._store.set(key, json.dumps(claims).encode(), seconds)
        except Exception as error:
            logger.warning("the store of introspection answers failed: %r", error)

    def _ask(self, token: str) -> dict[str, object]:
        form = {"token": token, "token_type_hint": "access_token", "client_id": self._client_id}
        try:
            answer = self._read(self._endpoint.post_form(form, self._accept))
        except FetchFailed as error:
            raise InvalidToken(
                f"The authorization server could not be asked: {error}", reason="tokens_unavailable"
            ) from error
        if not isinstance(answer, dict):
            raise InvalidToken("The introspection endpoint did not answer with an object.", reason="tokens_unavailable")
        return _without_null(answer)

    def _check(self, claims: Mapping[str, object]) -> None:
        if claims.get("active") is not True:
            raise InvalidToken("The authorization server reports an inactive token.", reason="token_inactive")
        for name, allowed in _ACCESS_TOKEN.items():
            value = claims.get(name)
            if value is not None and (not isinstance(value, str) or value.lower() not in allowed):
                raise InvalidToken(
                    f"The introspection response has {name} {value!r}: that is not an access token.",
                    reason="not_an_access_token",
                )
        if "aud" not in claims:
            raise InvalidToken(
                "The introspection response has no aud: have the server name the API that the token is for.",
                reason="malformed_token",
            )
        check_audience(claims, self._audiences)
        check_times(claims, self._clock(), 0)


def _without_null(answer: Mapping[str, object]) -> dict[str, object]:
    """Remove null members, unless absence would widen the token.

    Null means absent.
    """
    return {name: value for name, value in answer.items() if value is not None or name in ("aud", "cnf")}
