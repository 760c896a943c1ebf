"""The one registered subject value of a PKI client (RFC 8705 section 2.1.2)."""

import pytest

from tests.support import refused
from wsgi_mtls import PeerCertificate, Verifier
from wsgi_mtls.clients import MappingRegistry, SubjectKind, SubjectValue, subject_keys
from wsgi_mtls.testing import KeyPair, Profile
from wsgi_mtls.x509.differences import differences

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
        (URI, "HTTPS://RP.example.COM/A"),
        (URI, "SPIFFE://X/y"),
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
        (URI, "https://rp.example.com/A/"),
        (URI, "https://user@rp.example.com/A"),
        (URI, "https:rp.example.com/A"),
        (URI, "spiffe://x/Y"),
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
        (DNS, "rp.example.com.", "is not a DNS name"),
        (DNS, "rp..example.com", "is not a DNS name"),
        (DNS, "rp.example.com\n", "is not a DNS name"),
        (DNS, "r\u00e9.example", "A-labels"),
        (DNS, "https://rp.example.com", "is not a DNS name.*tls_client_auth_san_uri"),
        (DNS, "rp.example.com:443", "without a port"),
        (DNS, "DNS:rp.example.com", "name alone"),
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


URIS = {
    "urn:Example:a": ("URN:Example:a", "urn:example:a"),
    "https://User@A.example:8443/P?q=A#F": (
        "HTTPS://User@a.EXAMPLE:8443/P?q=A#F",
        "https://user@a.example:8443/P?q=A#F",
    ),
    "https://a.example?Q": ("https://A.EXAMPLE?Q", "https://a.example?q"),
    "https://a.example#F": ("https://A.EXAMPLE#F", "https://a.example#f"),
    "https://a@b@C.example/": ("https://a@b@c.EXAMPLE/", "https://A@b@c.example/"),
    "https:///P": ("HTTPS:///P", "https:///p"),
    "mailto:A@B.example": ("MAILTO:A@B.example", "mailto:A@b.example"),
}


@pytest.mark.parametrize("carried", URIS)
def test_scheme_and_host_alone_are_compared_without_case(ca: KeyPair, carried: str) -> None:
    same, other = URIS[carried]
    certificate = ca.issue("CN=x", Profile(san_uri=[carried])).certificate
    assert SubjectValue.parse(URI, carried).matches(certificate)
    assert SubjectValue.parse(URI, same).matches(certificate)
    assert SubjectValue.parse(URI, same).key in subject_keys(certificate)
    assert SubjectValue.parse(URI, same).is_among(URI, [carried])
    assert not SubjectValue.parse(URI, other).matches(certificate)
    assert not SubjectValue.parse(URI, other).is_among(URI, [carried])


OPPOSITE = [
    ("C=SE,O=Agora,CN=rp", "CN=rp,O=Agora,C=SE"),
    ("C = SE, O = Agora + OU = x, CN = rp", "CN=rp,O=Agora+OU=x,C=SE"),
    ('O="Acme, Inc.",CN=rp', r"CN=rp,O=Acme\, Inc."),
    ("DC=com,DC=example,CN=#1300", "CN=#1300,DC=example,DC=com"),
]


@pytest.mark.parametrize(("registered", "opposite"), OPPOSITE)
def test_a_dn_in_the_opposite_order_has_a_warning(registered: str, opposite: str) -> None:
    value = SubjectValue.parse(DN, registered)
    assert value.warning is not None
    assert repr(opposite) in value.warning
    assert SubjectValue.parse(DN, opposite).warning is None
    client = {"token_endpoint_auth_method": "tls_client_auth", DN: registered}
    (warning,) = MappingRegistry({"a": client}).warnings()
    assert "openssl x509 -subject" in warning


@pytest.mark.parametrize(
    "registered", ["CN=rp", "/C=SE/CN=rp", "CN=rp,OU=x", "OU=x,CN=rp", "C=SE,O=Agora", "CN=a,CN=b"]
)
def test_a_dn_without_a_warning(registered: str) -> None:
    assert SubjectValue.parse(DN, registered).warning is None


def test_a_mismatch_that_is_a_reversal_says_so(ca: KeyPair) -> None:
    own, other = (ca.issue(subject).certificate for subject in ("CN=rp,O=Agora,C=SE", "CN=other,O=Agora,C=SE"))
    client = {"token_endpoint_auth_method": "tls_client_auth", DN: "C=SE,O=Agora,CN=rp"}
    verifier = Verifier({"a": client})
    with refused("subject_mismatch") as caught:
        verifier.authenticate("a", PeerCertificate(own, verified=True))
    assert "opposite order, so register 'CN=rp,O=Agora,C=SE'" in caught.value.detail
    with refused("subject_mismatch") as caught:
        verifier.authenticate("a", PeerCertificate(other, verified=True))
    assert "have one issued with this name" in caught.value.detail
    assert differences("C=SE,O=Agora,CN=rp", own) == [
        "the same RDNs in the opposite order: register 'CN=rp,O=Agora,C=SE'"
    ]
