"""What a row of the table is: a request that is refused and why, and its accepted twin."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal
from urllib.parse import quote

from tests.confirmations import Confirmation
from tests.support import FORM
from wsgi_mtls.testing import KeyPair, to_pem

from .certificates import BY_DN, Certificates, Registration

Kind = Literal["client", "token", "certificate"]
"""The decision: authenticate a client, accept a bound token, accept a certificate."""

PROXY, STRANGER = "192.0.2.1", "198.51.100.7"
"""The address of the terminator, which is trusted, and another one."""
Source = Mapping[str, object]
NGINX: Source = {"preset": "nginx", "trusted_proxies": [PROXY]}
INGRESS: Source = {"preset": "ingress_nginx", "trusted_proxies": [PROXY], "underscores_dropped": True}
CADDY: Source = {"preset": "caddy", "trusted_proxies": [PROXY], "terminator_verifies": True}
ENVIRON: Source = {"preset": "environ"}
MOD_WSGI: Source = {"preset": "mod_wsgi"}
FAILED = "FAILED:unable to get issuer certificate"
Spoil = Callable[[Certificates], Mapping[str, str | None]]
"""Environ keys in place of those that the terminator makes; None removes one."""


def bound(thumbprint: str) -> object:
    """Return the right confirmation (RFC 8705 section 3.1)."""
    return {"x5t#S256": thumbprint}


@dataclass(frozen=True, slots=True)
class Sent:
    """One request.

    Attributes:
        certificate: Its name in ``certificates.py``; None for a request without a certificate.
        verify: What the terminator reports of the chain.
        body: The form at an endpoint of clients.
        query: The query of the URL.
        content_type: The type of the body.
        authorization: The Authorization header at an endpoint of clients.
        spoil: What else is wrong with the headers.
        cnf: The confirmation of the token; None leaves the claim out.
        label: A name for ``spoil`` or ``cnf`` in messages.
    """

    certificate: str | None = "billing"
    verify: str = "SUCCESS"
    body: str = "client_id=rp"
    query: str = ""
    content_type: str = FORM
    authorization: str | None = None
    spoil: Spoil | None = field(default=None, repr=False)
    cnf: Confirmation | None = field(default=bound, repr=False)
    label: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a refusal looks like: the HTTP status, the OAuth error, the reason of the event."""

    status: int
    error: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Requests that are refused in the same way.

    Attributes:
        number: The row in ATTACKS.md.
        name: What is tried.
        attacks: The requests that are refused.
        expected: The answer to each.
        accepted: The requests that differ in the one point that matters, and are accepted.
        apart: The answer in those ways in where it is another one, by the name of the way.
        source: The setting of the certificate source.
    """

    kind: ClassVar[Kind]

    number: int
    name: str
    attacks: tuple[Sent, ...]
    expected: Refusal
    accepted: tuple[Sent, ...] = (Sent(),)
    apart: Mapping[str, Refusal] = field(default_factory=dict)
    source: Source = field(default_factory=lambda: NGINX)

    @property
    def id(self) -> str:
        """The row's name in reports and in ``not_played.py``."""
        return f"{self.number} {self.name}"

    def expected_at(self, way: str) -> Refusal:
        """Return the answer at one way in, or at a family of ways: ``django`` of ``django-async``."""
        return self.apart.get(way) or self.apart.get(way.partition("-")[0]) or self.expected


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRow(Row):
    """A decision about a client: ``rp``, registered as the row says.

    Attributes:
        client: The registration that is attacked.
        right: The registration of the accepted twin.
    """

    client: Registration = field(default_factory=lambda: BY_DN)
    right: Registration | None = None
    kind: ClassVar[Kind] = "client"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow(Row):
    """A decision about an access token.

    Attributes:
        bound_to: The certificate whose thumbprint the confirmations are made of.
        required: Whether the resource refuses tokens that are not bound.
        right_required: The same for the accepted twin, where that differs.
    """

    bound_to: str = "billing"
    required: bool = True
    right_required: bool | None = None
    kind: ClassVar[Kind] = "token"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRow(Row):
    """A decision about a certificate alone, whatever name it has, where no OAuth client asks."""

    kind: ClassVar[Kind] = "certificate"

    def expected_at(self, way: str) -> Refusal:
        """Return the answer at one way in; where ``certificate_required`` makes it, without OAuth's code."""
        expected = Row.expected_at(self, way)
        if expected.error != "invalid_client" or way.partition("-")[0] not in ("flask", "django"):
            return expected
        code = "certificate_required" if expected.reason == "no_certificate" else "certificate_rejected"
        return replace(expected, error=code)


# How terminators deliver a certificate

JOINED = "HTTP_XCLIENTCERT"
"""The header that holds both at nginx: the status, a space, the certificate."""
CERT, VERIFY = "HTTP_SSL_CLIENT_CERT", "HTTP_SSL_CLIENT_VERIFY"
"""The two headers of ingress-nginx."""


def escaped(pair: KeyPair) -> str:
    """Return a certificate as nginx escapes it."""
    return quote(to_pem(pair.certificate).decode(), safe="")


def octets(pair: KeyPair) -> str:
    """Return a certificate as Caddy puts it into a header."""
    return b64encode(pair.certificate.der).decode()


def keys_of(pair: KeyPair, verify: str = "SUCCESS") -> dict[str, str]:
    """Return the environ keys of mod_ssl, with the chain."""
    chain = {f"SSL_CLIENT_CERT_CHAIN_{number}": to_pem(issuer).decode() for number, issuer in enumerate(pair.chain)}
    return {"SSL_CLIENT_CERT": to_pem(pair.certificate).decode(), "SSL_CLIENT_VERIFY": verify, **chain}


def _by_nginx(pair: KeyPair | None, verify: str) -> dict[str, str]:
    return {JOINED: "NONE" if pair is None else f"{verify} {escaped(pair)}"}


def _by_ingress(pair: KeyPair | None, verify: str) -> dict[str, str]:
    return {VERIFY: "NONE"} if pair is None else {CERT: escaped(pair), VERIFY: verify}


def _by_caddy(pair: KeyPair | None, verify: str) -> dict[str, str]:
    return {} if pair is None else {JOINED: octets(pair)}


def _by_mod_ssl(pair: KeyPair | None, verify: str) -> dict[str, str]:
    certificate = {"SSL_CLIENT_VERIFY": "NONE"} if pair is None else keys_of(pair, verify)
    return {"SSL_SESSION_RESUMED": "Initial", **certificate}


_DELIVER = {
    "nginx": _by_nginx,
    "ingress_nginx": _by_ingress,
    "caddy": _by_caddy,
    "environ": _by_mod_ssl,
    "mod_wsgi": _by_mod_ssl,
}


def environ_of(row: Row, sent: Sent, made: Certificates) -> dict[str, str]:
    """Return the environ keys of a request: the peer's address and what the terminator delivers."""
    pair = None if sent.certificate is None else made[sent.certificate]
    keys: dict[str, str | None] = {"REMOTE_ADDR": PROXY, **_DELIVER[str(row.source["preset"])](pair, sent.verify)}
    if sent.spoil is not None:
        keys |= sent.spoil(made)
    return {key: value for key, value in keys.items() if value is not None}
