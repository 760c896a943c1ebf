"""Rows of ATTACKS.md about client authentication, for any endpoint: what comes, beside what is let in."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote

from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from werkzeug.test import TestResponse

from wsgi_mtls import ClientCertificate
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import SERVER_AUTH, KeyPair, Profile, make_ca, self_sign, to_pem

FORM = "application/x-www-form-urlencoded"
DN, HOST = "CN=billing,O=Agora,C=SE", "rp.example.com"
PKI = {"token_endpoint_auth_method": "tls_client_auth"}
SELF_SIGNED = {"token_endpoint_auth_method": "self_signed_tls_client_auth"}
BY_DN, BY_DNS = {**PKI, "tls_client_auth_subject_dn": DN}, {**PKI, "tls_client_auth_san_dns": HOST}

IMPOSSIBLE: list[Mapping[str, object]] = [
    PKI,
    {**BY_DN, "tls_client_auth_san_dns": "rp.example.com"},
    {**PKI, "tls_client_auth_subject_dn": ""},
    {**PKI, "tls_client_auth_san_dns": "*.example.com"},
    SELF_SIGNED,
    {**SELF_SIGNED, "jwks": {"keys": [{"kty": "EC"}]}},
]
"""Rows 10, 11, 13, 21: registrations that no certificate can satisfy."""

INVALID_CLIENT = (401, "invalid_client")
INVALID_REQUEST = (400, "invalid_request")


class Target(Protocol):
    """An endpoint that authenticates clients; ``rp`` is the one of the row."""

    def post(self, body: str, came: "Came", **options: Any) -> TestResponse:
        """Send a body; options are those of the test client."""


@dataclass(frozen=True)
class Came:
    """A certificate as the terminator reports it."""

    pair: KeyPair | None
    verified: bool = True


@dataclass(frozen=True)
class Row:
    """What is refused for a client, and what is let in."""

    number: int
    client: Mapping[str, object]
    refused: tuple[Came, ...]
    accepted: tuple[Came, ...]


def rows(ca: KeyPair) -> dict[str, Row]:
    """Make every row about certificates."""
    found = [*_names(ca), *_chains(ca), *_self_signed()]
    return {f"{row.number}-{index}": row for index, row in enumerate(found)}


ROW_IDS = [
    f"{number}-{index}" for index, number in enumerate([4, 12, 13, 14, 15, 16, 17, 17, 19, 1, 7, 8, 9, 18, 20, 21])
]


def _came(*pairs: KeyPair | None) -> tuple[Came, ...]:
    return tuple(Came(pair) for pair in pairs)


def _common_name(value: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, value)])


def _names(ca: KeyPair) -> list[Row]:
    right = _came(ca.issue("CN=x", Profile(san_dns=[HOST])))

    def dns(*profiles: Profile) -> tuple[Came, ...]:
        return _came(*(ca.issue("CN=x", profile) for profile in profiles))

    network = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_network("192.0.2.1/32"))])
    by_ip = {**PKI, "tls_client_auth_san_ip": "192.0.2.1"}
    by_ipv6 = {**PKI, "tls_client_auth_san_ip": "2001:0db8:0000:0000:0000:0000:0000:0007"}
    printable = x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "SE"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "AGORA", _ASN1Type.PrintableString),
        x509.NameAttribute(NameOID.COMMON_NAME, " billing", _ASN1Type.PrintableString),
    ])  # fmt: skip
    other = {**PKI, "tls_client_auth_subject_dn": "cn=#0c0762696c6c696e67 , o=agora, C=se"}
    return [
        Row(4, BY_DNS, _came(ca.issue(DN)), right),
        Row(12, BY_DNS, (*_came(ca.issue(f"CN={HOST}")), *dns(Profile(san_uri=[f"https://{HOST}"]))), right),
        Row(13, BY_DNS, dns(Profile(san_dns=["*.example.com"])), right),
        Row(14, BY_DNS, (*dns(Profile(san_dns=[f"{HOST}\0.evil"])), *_came(ca.issue(_common_name(f"{HOST}\0")))),
            right),
        Row(15, BY_DN, _came(*map(ca.issue, ("C=SE,O=Agora,CN=billing", f"OU=x,{DN}", "CN=billing+O=Agora,C=SE"))),
            _came(ca.issue(DN))),
        Row(16, other, _came(ca.issue("CN=billin,O=Agora,C=SE")), _came(ca.issue(printable), ca.issue(DN))),
        Row(17, by_ipv6, dns(Profile(san_ip=["2001:db8::8"])), dns(Profile(san_ip=["2001:db8::7"]))),
        Row(17, by_ip, dns(Profile(extensions=[(network, False)])), dns(Profile(san_ip=["192.0.2.1"]))),
        Row(19, BY_DNS, _came(ca.issue("", Profile(san_dns=["x.example"]))),
            _came(ca.issue("", Profile(san_dns=[HOST])))),
    ]  # fmt: skip


def _chains(ca: KeyPair) -> list[Row]:
    right, now, day = _came(ca.issue(DN)), datetime.now(UTC), timedelta(days=1)
    unfit = (
        Profile(not_before=now - 2 * day, not_after=now - day),
        Profile(not_before=now + day),
        Profile(extended_key_usage=SERVER_AUTH),
        Profile(extended_key_usage=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]),
    )
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\5\0")
    critical = ca.issue(DN, Profile(extensions=[(unknown, True)]))
    named = ca.issue(DN, Profile(ca=True, extended_key_usage=()))
    foreign = (make_ca("CN=Some CA").issue(DN), make_ca(ca.certificate.subject).issue(DN), ca.issue("CN=a").issue(DN))
    return [
        Row(1, BY_DN, (Came(None), Came(None, verified=False)), right),
        Row(7, BY_DN, (Came(self_sign(DN)), Came(self_sign(DN), verified=False)), right),
        Row(8, BY_DN, tuple(Came(pair, verified=False) for pair in foreign), right),
        Row(9, BY_DN, _came(named.issue("CN=other")), right),
        # The unknown extension is for who validates the chain: the terminator.
        Row(18, BY_DN, (*(Came(ca.issue(DN, profile)) for profile in unfit), Came(critical, verified=False)), right),
    ]


def _self_signed() -> list[Row]:
    mobile, other = self_sign("CN=mobile"), self_sign("CN=mobile")
    renewed = self_sign("CN=mobile", Profile(key=mobile.key))
    own, foreign = jwk(mobile.certificate), jwk(other.certificate)
    registered = {**SELF_SIGNED, "jwks": {"keys": [own]}}
    second = {**SELF_SIGNED, "jwks": {"keys": [{**own, "x5c": [*_x5c(own), *_x5c(foreign)]}]}}
    accepted = (Came(mobile, verified=False), Came(mobile), Came(renewed, verified=False))
    return [
        Row(20, registered, (Came(other), Came(other, verified=False), Came(None)), accepted),
        Row(21, second, (Came(other),), accepted),
    ]


def _x5c(key: Mapping[str, object]) -> list[str]:
    found = key["x5c"]
    assert isinstance(found, list)
    return found


@dataclass(frozen=True)
class RequestRow:
    """A request of ``rp`` with its own right certificate, and what is wrong with it nevertheless."""

    number: int
    body: str
    expected: tuple[int, str]
    options: Mapping[str, Any] = field(default_factory=dict)


BASIC = {"headers": {"Authorization": "Basic cnA6czNjcmV0"}}  # rp:s3cret
MULTIPART = '--b\r\nContent-Disposition: form-data; name="client_id"\r\n\r\nrp\r\n--b--\r\n'
REQUESTS = [
    RequestRow(2, "scope=accounts", INVALID_REQUEST),
    RequestRow(2, "client_id=", INVALID_REQUEST),
    RequestRow(3, "client_id=rp&client_id=rp", INVALID_REQUEST),
    RequestRow(3, "client_id=other&client_id=rp", INVALID_REQUEST),
    RequestRow(5, "client_id=rp&client_secret=s3cret", INVALID_REQUEST),
    RequestRow(5, "client_id=rp&client_assertion=x.y.z&client_assertion_type=jwt", INVALID_REQUEST),
    RequestRow(5, "client_id=rp", INVALID_REQUEST, BASIC),
    RequestRow(44, "client_id=rp", INVALID_REQUEST, {"query_string": "client_id=other"}),
    RequestRow(44, "client_id=rp", INVALID_REQUEST, {"query_string": "client_id=rp"}),
    RequestRow(44, "", INVALID_REQUEST, {"query_string": "client_id=rp"}),
    RequestRow(44, MULTIPART, INVALID_REQUEST, {"content_type": "multipart/form-data; boundary=b"}),
    RequestRow(44, "client_id=rp", INVALID_REQUEST, {"content_type": f"{FORM}; charset=utf-16"}),
    RequestRow(44, "client_id=rp", INVALID_REQUEST, {"content_type": "text/plain"}),
    RequestRow(49, "client_id=RP", INVALID_CLIENT),
    RequestRow(49, "client_id=rp+", INVALID_CLIENT),
    RequestRow(49, "client_id=r%C3%BE", INVALID_REQUEST),
    RequestRow(49, "client_id=rp%00", INVALID_REQUEST),
]


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
