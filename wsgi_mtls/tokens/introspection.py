"""Access tokens that the authorization server is asked about (RFC 7662)."""

import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from threading import Lock

from ..errors import InvalidToken
from ..https import TIMEOUT, ConfiguredEndpoint, FetchFailed
from .claims import audiences, check_audience, check_times

# What servers call an access token, where they say what a token is: RFC 7662 section 2.2, Hydra, Keycloak.
_ACCESS_TOKEN = {
    "token_type": frozenset({"bearer", "access_token"}),
    "token_use": frozenset({"access_token", "access"}),
    "typ": frozenset({"bearer", "at+jwt", "application/at+jwt"}),
}
MAX_CACHED = 1024
"""The most answers that are cached."""
MAX_CACHE_SECONDS = 300


class IntrospectedTokens:
    """Asks the introspection endpoint, authenticating itself with its own client certificate (RFC 8705 section 2).

    Whether a token is bound to the certificate of the request is checked on every request, cached or not.

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

    Raises:
        ValueError: an argument has a value that it can't have.
        OSError: a file can't be read, or is not what it should be.
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
    ) -> None:
        if not 0 <= cache_seconds <= MAX_CACHE_SECONDS:
            raise ValueError(f"cache_seconds must be 0 to {MAX_CACHE_SECONDS}.")
        self._endpoint = ConfiguredEndpoint(
            endpoint, ca=ca, certificate=certificate, private_key=private_key, timeout=timeout, proxy=proxy
        )
        self._audiences = audiences(audience)
        self._client_id = client_id
        self._cache = _Cache(cache_seconds)
        self._clock = clock

    def decode(self, token: str, /) -> dict[str, object]:
        """Return the introspection response about a token that is active and for this API.

        Raises:
            InvalidToken: it is not, by the subclass that says why.
            InvalidToken: ``tokens_unavailable``: the authorization server can't be asked now.
        """
        if not token.isascii():
            raise InvalidToken("A token is ASCII (RFC 6750 section 2.1).", reason="malformed_token")
        key = hashlib.sha256(token.encode()).digest()
        claims = self._cache.get(key, self._clock())
        if claims is None:
            asked = self._clock()
            claims = self._ask(token)
            self._check(claims)
            self._cache.put(key, asked, claims)
        else:
            self._check(claims)
        return claims

    def _ask(self, token: str) -> dict[str, object]:
        form = {"token": token, "token_type_hint": "access_token", "client_id": self._client_id}
        try:
            answer = self._endpoint.post_form(form)
        except FetchFailed as error:
            raise InvalidToken(
                f"The authorization server could not be asked: {error}", reason="tokens_unavailable"
            ) from error
        if not isinstance(answer, dict):
            raise InvalidToken("The introspection endpoint did not answer with an object.", reason="tokens_unavailable")
        return answer

    def _check(self, claims: Mapping[str, object]) -> None:
        if claims.get("active") is not True:
            raise InvalidToken("The authorization server says that the token is not active.", reason="token_inactive")
        for name, allowed in _ACCESS_TOKEN.items():
            value = claims.get(name)
            if value is not None and (not isinstance(value, str) or value.lower() not in allowed):
                raise InvalidToken(
                    f"The introspection response has {name} {value!r}: that is not an access token.",
                    reason="not_an_access_token",
                )
        if "aud" not in claims:
            raise InvalidToken(
                "The introspection response has no aud: have the server say for whom the token is.",
                reason="malformed_token",
            )
        check_audience(claims, self._audiences)
        check_times(claims, self._clock(), 0)


class _Cache:
    """Answers by the token's hash, each as JSON, so that nobody changes what the next request gets."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = Lock()
        self._answers: OrderedDict[bytes, tuple[float, str]] = OrderedDict()

    def get(self, key: bytes, now: float) -> dict[str, object] | None:
        with self._lock:
            asked, answer = self._answers.get(key, (now - self._seconds, ""))
            # A clock that was set back makes everything old.
            if not 0 <= now - asked < self._seconds:
                self._answers.pop(key, None)
                return None
        claims: dict[str, object] = json.loads(answer)
        return claims

    def put(self, key: bytes, asked: float, claims: Mapping[str, object]) -> None:
        if not self._seconds:
            return
        with self._lock:
            self._answers[key] = asked, json.dumps(claims)
            self._answers.move_to_end(key)
            while len(self._answers) > MAX_CACHED:
                self._answers.popitem(last=False)
