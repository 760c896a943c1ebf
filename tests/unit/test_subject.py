"""The one registered subject value of a PKI client (RFC 8705 section 2.1.2)."""

import pytest

from tests.support import refused
from wsgi_mtls.clients import SubjectKind, SubjectValue
from wsgi_mtls.testing import KeyPair, Profile

DN: SubjectKind = "tls_client_auth_subject_dn"
DNS: SubjectKind = "tls_client_auth_san_dns"
URI: SubjectKind = "tls_client_auth_san_uri"
IP: SubjectKind = "tls_client_auth_san_ip"
EMAIL: SubjectKind = "tls_client_auth_san_email"

PROFILE = Profile(
    san_dns=["rp.Example.com", "other.example"],
    san_uri=["https://rp.example.com/A", "spiffe://x/y"],
    san_ip=["192.0.2.1", "2001:db8::7"],
    san_email=["Ops@Example.com"],
)


@pytest.fixture(scope="module")
def pair(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=rp,O=Agora", PROFILE)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (DN, "cn=RP, o=agora"),
        (DN, "/O=Agora/CN=rp"),
        (DNS, "rp.example.com"),
        (DNS, "RP.EXAMPLE.COM"),
        (DNS, "other.example"),
        (URI, "https://rp.example.com/A"),
        (URI, "spiffe://x/y"),
        (IP, "192.0.2.1"),
        (IP, "2001:db8::7"),
        (IP, "2001:0DB8:0:0:0:0:0:0007"),
        (EMAIL, "Ops@example.COM"),
    ],
)
def test_matches(pair: KeyPair, kind: SubjectKind, value: str) -> None:
    subject = SubjectValue.parse(kind, value)
    assert (subject.kind, subject.value) == (kind, value)
    assert subject.matches(pair.certificate)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (DN, "CN=rp"),
        (DN, "O=Agora,CN=rp"),
        (DNS, "rp.example.co"),
        (DNS, "example.com"),
        (DNS, "x.rp.example.com"),
        (DNS, "192.0.2.1"),
        (URI, "https://rp.example.com/a"),
        (URI, "https://RP.example.com/A"),
        (URI, "https://rp.example.com/A/"),
        (IP, "192.0.2.2"),
        (IP, "::ffff:192.0.2.1"),
        (EMAIL, "ops@example.com"),
        (EMAIL, "Ops@example.org"),
    ],
)
def test_does_not_match(pair: KeyPair, kind: SubjectKind, value: str) -> None:
    assert not SubjectValue.parse(kind, value).matches(pair.certificate)


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        (DN, "rp", "RFC 4514"),
        (DN, "CN=", "matches nothing"),
        (DN, r"CN=a\00", "matches nothing"),
        (DN, "CN=\u200b", "matches nothing"),
        (DN, "nonsense=a", "dotted OID"),
        (DNS, "*.example.com", "wildcard"),
        (DNS, "rp.example.com.", "no DNS name"),
        (DNS, "rp..example.com", "no DNS name"),
        (DNS, "rp.example.com\n", "no DNS name"),
        (DNS, "r\u00e9.example", "A-labels"),
        (DNS, "https://rp.example.com", "no DNS name"),
        (URI, "rp.example.com", "scheme"),
        (URI, "https://r p", "scheme"),
        (URI, "https://\u00e9", "ASCII"),
        (URI, "http://[", "Invalid IPv6"),
        (IP, "rp.example.com", "IPv4 or IPv6"),
        (IP, "192.0.2.0/24", "IPv4 or IPv6"),
        (IP, "192.0.2.001", "IPv4 or IPv6"),
        (IP, "fe80::1%eth0", "zone"),
        (EMAIL, "example.com", "local-part@domain"),
        (EMAIL, "@example.com", "local-part@domain"),
        (EMAIL, "a@", "local-part@domain"),
        (EMAIL, "a b@example.com", "local-part@domain"),
        (EMAIL, "\u00e9@example.com", "ASCII"),
        (DN, "", "not empty"),
        (DNS, None, "not empty"),
        (IP, 3221225985, "not empty"),
        (URI, b"https://a", "not empty"),
        ("subject_dn", "CN=a", "use one of"),
        ([], "CN=a", "use one of"),
    ],
)
def test_refused(kind: SubjectKind, value: object, says: str) -> None:
    with refused("invalid_client_metadata", match=says):
        SubjectValue.parse(kind, value)


def test_a_name_that_is_no_ascii_matches_no_dns_name(ca: KeyPair) -> None:
    # U+212A, the Kelvin sign, is a k in lower case.
    certificate = ca.issue("CN=x", Profile(san_dns=["xn--k.example"])).certificate
    assert SubjectValue.parse(DNS, "xn--K.example").matches(certificate)
    with refused("invalid_client_metadata"):
        SubjectValue.parse(DNS, "xn--\u212a.example")
