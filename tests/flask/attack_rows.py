"""The rows about client authentication as tests over real TLS send them; ``tests/attacks`` has the table itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.attacks.certificates import (
    BY_DN,
    BY_DNS,
    DN,
    HOST,
    PKI,
    SELF_SIGNED,
    Certificates,
    Metadata,
    Registration,
)
from tests.attacks.client_rows import CHAINS, NAMES, REGISTERED_CERTIFICATES
from tests.attacks.request_rows import REQUEST_ROWS
from tests.attacks.row import ClientRow, Sent
from tests.support import FORM
from wsgi_mtls import ClientCertificate
from wsgi_mtls.testing import KeyPair, to_pem

__all__ = ["BY_DN", "BY_DNS", "DN", "FORM", "HOST", "PKI", "SELF_SIGNED"]

IMPOSSIBLE: list[Metadata] = [
    PKI,
    {**BY_DN, "tls_client_auth_san_dns": "rp.example.com"},
    {**PKI, "tls_client_auth_subject_dn": ""},
    {**PKI, "tls_client_auth_san_dns": "*.example.com"},
    SELF_SIGNED,
    {**SELF_SIGNED, "jwks": {"keys": [{"kty": "EC"}]}},
]
"""Rows 10, 11, 13, 21: registrations that no certificate can satisfy, without a certificate of the table in them."""

INVALID_CLIENT = (401, "invalid_client")
INVALID_REQUEST = (400, "invalid_request")


@dataclass(frozen=True)
class Came:
    """A certificate as the terminator reports it."""

    pair: KeyPair | None
    verified: bool = True


@dataclass(frozen=True)
class Row:
    """What is refused for a client, and what is accepted."""

    number: int
    client: Metadata
    refused: tuple[Came, ...]
    accepted: tuple[Came, ...]


_ROWS: list[ClientRow] = [*NAMES, *CHAINS, *REGISTERED_CERTIFICATES]
ROW_IDS = [f"{row.number}-{index}" for index, row in enumerate(_ROWS)]
_IN_PROCESS_ALONE = {(7, "self-issued, broken"), (20, "billing")}
"""What servers treat differently: a signature that does not verify, and a validated chain for a self-signed client."""


def rows(ca: KeyPair) -> dict[str, Row]:
    """Make every row about certificates, issued by this CA."""
    made = Certificates(ca)
    return {name: _over_tls(row, made) for name, row in zip(ROW_IDS, _ROWS, strict=True)}


def _over_tls(row: ClientRow, made: Certificates) -> Row:
    attacks = [sent for sent in row.attacks if (row.number, sent.certificate) not in _IN_PROCESS_ALONE]
    refused, accepted = (tuple(_came(sent, made) for sent in which) for which in (attacks, row.accepted))
    return Row(row.number, _metadata(row.client, made), refused, accepted)


def _came(sent: Sent, made: Certificates) -> Came:
    return Came(None if sent.certificate is None else made[sent.certificate], sent.verify == "SUCCESS")


def _metadata(registration: Registration, made: Certificates) -> Metadata:
    return registration(made) if callable(registration) else registration


@dataclass(frozen=True)
class RequestRow:
    """A request of ``rp`` with its own right certificate, and what is wrong with it nevertheless."""

    number: int
    body: str
    expected: tuple[int, str | None]
    options: Mapping[str, Any] = field(default_factory=dict)


def _request_rows(row: ClientRow) -> list[RequestRow]:
    answer = (row.expected.status, row.expected.error)
    return [RequestRow(row.number, sent.body, answer, _options(sent)) for sent in row.attacks]


def _options(sent: Sent) -> dict[str, Any]:
    """Return the options of a test client's request where they are not the usual ones."""
    options: dict[str, Any] = {"query_string": sent.query} if sent.query else {}
    if sent.content_type != FORM:
        options["content_type"] = sent.content_type
    if sent.authorization:
        options["headers"] = {"Authorization": sent.authorization}
    return options


REQUESTS = [request for row in REQUEST_ROWS if row.number != 6 for request in _request_rows(row)]
"""Those of row 6 are another client's."""


def pem_header(certificate: ClientCertificate) -> str:
    """Return a certificate as nginx escapes it."""
    return quote(to_pem(certificate).decode(), safe="")


def nginx_header(certificate: ClientCertificate, status: str = "SUCCESS") -> str:
    """Return the header that nginx sends: the status, a space, the certificate."""
    return f"{status} {pem_header(certificate)}"


def headers_refused(right: KeyPair, evil: KeyPair) -> dict[str, dict[str, Any]]:
    """Return environs of requests that are to be refused, for a source ``nginx(trusted_proxies=["192.0.2.1"])``."""
    certificate, wrong = pem_header(right.certificate), pem_header(evil.certificate)

    def sent(value: str | None, **more: str) -> dict[str, Any]:
        keys = {"REMOTE_ADDR": "192.0.2.1", **more}
        return keys if value is None else {**keys, "HTTP_XCLIENTCERT": value}

    good = f"SUCCESS {certificate}"
    return {
        "24 from elsewhere": sent(good, REMOTE_ADDR="198.51.100.7"),
        "24 from nowhere": sent(good, REMOTE_ADDR=""),
        "25 joined": sent(f"SUCCESS {wrong},{certificate}"),
        "25 joined whole": sent(f"{good},{good}"),
        "25 two PEM blocks": sent(good + certificate),
        "25 bad base64": sent(good.replace("MII", "M*I")),
        "25 (null)": sent("SUCCESS (null)"),
        "25 plus as a space": sent(good.replace("%2B", "%20").replace("%2F", "%20")),
        "26 FAILED": sent(f"FAILED:unable to verify the first certificate {certificate}"),
        "26 NONE": sent(f"NONE {certificate}"),
        "26 absent": sent(certificate),
        "26 success": sent(f"success {certificate}"),
        "42 a name instead": sent(None, HTTP_X_SSL_CLIENT_S_DN="/C=SE/O=Agora/CN=billing"),
        "45 joined status": sent(f"NONE,SUCCESS {certificate}"),
        "45 joined with none": sent(f"NONE,{good}"),
        "46 overwritten by the conventional host": sent("NONE"),
        "54 a status alone": sent("SUCCESS"),
        "54 in two headers": sent(certificate, HTTP_XCLIENTVERIFY="SUCCESS"),
        OVER_TLS: {"REMOTE_ADDR": "192.0.2.1", "SSL_CLIENT_CERT": to_pem(right.certificate).decode(),
                               "SSL_CLIENT_VERIFY": "SUCCESS", "HTTP_XCLIENTCERT": "NONE"},
    }  # fmt: skip


def header_accepted(right: KeyPair) -> dict[str, Any]:
    """Return the environ of the request that is accepted."""
    return {"REMOTE_ADDR": "192.0.2.1", "HTTP_XCLIENTCERT": nginx_header(right.certificate)}


def as_headers(environ: Mapping[str, str]) -> dict[str, str]:
    """Return those keys of an environ that a proxy could send."""
    return {
        key.removeprefix("HTTP_").replace("_", "-"): value for key, value in environ.items() if key.startswith("HTTP_")
    }


OVER_TLS = "47 the proxy's own"
"""The case that no header makes: the proxy's own connection is one of mutual TLS."""
HEADERS = ["24 from elsewhere", "24 from nowhere", "25 joined", "25 joined whole", "25 two PEM blocks", "25 bad base64",
           "25 (null)", "25 plus as a space", "26 FAILED", "26 NONE", "26 absent", "26 success", "42 a name instead",
           "45 joined status", "45 joined with none", "46 overwritten by the conventional host", "54 a status alone",
           "54 in two headers", OVER_TLS]  # fmt: skip
NGINX = {"preset": "nginx", "trusted_proxies": ["192.0.2.1"]}
