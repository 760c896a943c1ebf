"""Row 7, further: certificates that OpenSSL takes from its CA bundle for their own trust anchors.

It calls a certificate self-signed whose subject and issuer are one name in OpenSSL's own canonical form, and never
verifies the signature of one that is in its bundle, where a terminator keeps those of the self-signed method. So
a client with its own certificate in the bundle must not get another client's name by it.
"""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.name import _ASN1Type as Tag
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests import der
from tests.support import ACCEPTED, Endpoint, Outcome
from tests.tls import serving, tls_post
from wsgi_mtls import ClientCertificate
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair, Profile, make_ca, make_key
from wsgi_mtls.x509 import attributes
from wsgi_mtls.x509.self_issued import is_self_issued

SELF_SIGNED: Outcome = (401, "invalid_client", "self_signed_certificate")


def name(common_name: str, tag: Tag = Tag.UTF8String) -> x509.Name:
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Agora")
    return x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, common_name, tag)])


def long_name(text: str) -> x509.Name:
    """Make a name with a value that is too long to be compared; a CN of that length makes cryptography warn."""
    return x509.Name([x509.NameAttribute(x509.ObjectIdentifier("2.5.4.41"), "a" * 1024 + text)])


def forged(subject: x509.Name, issuer: x509.Name) -> KeyPair:
    """Make a certificate for CA:FALSE and clientAuth with a broken signature."""
    key, now = make_key(), datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key(), serial_number=7)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(False, None), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
    )
    der = bytearray(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER))
    der[-1] ^= 1
    return KeyPair(ClientCertificate.from_der(bytes(der)), key)


def clients(common_name: str, mobile: KeyPair) -> dict[str, object]:
    keys = {"keys": [jwk(mobile.certificate)]}
    return {
        "billing": {
            "token_endpoint_auth_method": "tls_client_auth",
            "tls_client_auth_subject_dn": f"CN={common_name},O=Agora",
        },
        "mobile": {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": keys},
    }


BY_OPENSSL = {
    "the same": ("billing", name("billing"), name("billing")),
    "case": ("billing", name("billing"), name("BILLING")),
    "tab": ("billing", name("billing"), name("billing\t")),
    "newline": ("billing", name("billing"), name("billing\n")),
    "carriage return": ("billing", name("billing"), name("\rbilling")),
    "vertical tab and form feed": ("billing", name("billing"), name("\x0bbilling\x0c")),
    "tab for a space": ("b illing", name("b illing"), name("b\tilling")),
    "tab in a BMPString": ("billing", name("billing"), name("billing\t", Tag.BMPString)),
    "tab in an IA5String": ("billing", name("billing", Tag.PrintableString), name("billing\t", Tag.IA5String)),
    "T61String": ("x\u00e9", name("x\u00e9", Tag.T61String), name("x\u00c3\u00a9")),
    "IA5String": ("x\u00e9", name("x\u00e9", Tag.IA5String), name("x\u00c3\u00a9")),
    "T61String as the issuer": ("x\u00c3\u00a9", name("x\u00c3\u00a9"), name("x\u00e9", Tag.T61String)),
}


@pytest.mark.parametrize(("common_name", "subject", "issuer"), BY_OPENSSL.values(), ids=BY_OPENSSL)
def test_openssl_takes_them_for_one_name(common_name: str, subject: x509.Name, issuer: x509.Name, ca: KeyPair) -> None:
    mobile = forged(subject, issuer)
    assert not mobile.certificate.is_self_signed
    endpoint = Endpoint(clients(common_name, mobile))
    reports: list[str] = []

    def spy(environ, start_response):
        reports.append(environ["SSL_CLIENT_VERIFY"])
        return endpoint.app(environ, start_response)

    with serving(spy, [ca.certificate, mobile.certificate]) as port:
        outcome = endpoint.result(tls_post(port, mobile, {"client_id": "billing"}))
        endpoint.events.clear()
        assert endpoint.result(tls_post(port, mobile, {"client_id": "mobile"})) == ACCEPTED
        endpoint.events.clear()
        issued = ca.issue(f"CN={common_name},O=Agora")
        assert endpoint.result(tls_post(port, issued, {"client_id": "billing"})) == ACCEPTED
    assert outcome == SELF_SIGNED
    assert set(reports) == {"SUCCESS"}  # or else there was nothing to refuse


# Other readers' forms, whoever they are: a value that can't be compared here may be any with its letters and digits.
OTHERWISE = {
    "zero width": (name("billing"), name("billing\u200b")),
    "NUL": (name("billing"), name("billing\0x")),
    "soft hyphen": (name("bil\u00adling"), name("billing")),
    "no-break space": (name("billing"), name("billing\u00a0")),
    "full width": (name("billing"), name("\uff42illing")),
    "both": (name("a\t"), name("A\n")),
    "long": (long_name("a"), long_name("a ")),
}


@pytest.mark.parametrize(("subject", "issuer"), OTHERWISE.values(), ids=OTHERWISE)
def test_another_reader_may_take_them_for_one_name(subject: x509.Name, issuer: x509.Name, ca: KeyPair) -> None:
    mobile = forged(subject, issuer)
    endpoint = Endpoint(clients("billing", mobile))
    assert endpoint.outcome("billing", mobile) == SELF_SIGNED
    assert endpoint.outcome("mobile", mobile) == ACCEPTED
    assert endpoint.outcome("billing", ca.issue("CN=billing,O=Agora")) == ACCEPTED


def test_an_issuer_with_a_tab_may_issue_other_names() -> None:
    """An odd value in one name alone does not make a certificate self-signed."""
    odd = make_ca(name("Some CA\t"))
    issued = odd.issue("CN=billing,OU=x,O=Agora")
    endpoint = Endpoint(
        {
            "billing": {
                "token_endpoint_auth_method": "tls_client_auth",
                "tls_client_auth_subject_dn": "CN=billing,OU=x,O=Agora",
            }
        }
    )
    assert not issued.certificate.is_self_issued
    assert endpoint.outcome("billing", issued) == ACCEPTED
    assert odd.issue(name("some ca")).certificate.is_self_issued


# As certificates of honest CAs are: what can't be compared in them is no name of the issuer by any reading.
HONEST = {
    "zero width non-joiner": (name("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"), name("Issuing CA")),
    "not in this Unicode": (name("\U0001fae8"), name("Issuing CA")),
    "soft hyphen": (name("a\u00adb"), name("Issuing CA")),
    "in the issuer": (name("press"), name("Issuing\u200bCA")),
    "both": (name("b\t"), name("a\t")),
}


@pytest.mark.parametrize(("subject", "issuer"), HONEST.values(), ids=HONEST)
def test_odd_values_that_no_reader_takes_for_the_issuers(subject: x509.Name, issuer: x509.Name) -> None:
    by_san = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "rp.example.com"}
    endpoint, ca = Endpoint({"rp": by_san}), make_ca(issuer)
    profile = Profile(san_dns=["rp.example.com"])
    assert endpoint.outcome("rp", ca.issue(subject, profile)) == ACCEPTED
    assert endpoint.outcome("rp", ca.issue(issuer, profile)) == SELF_SIGNED


# What one reader alone takes for one name, by the reader.
BY_ONE_READER = {
    "OpenSSL: no octets of any string type": (der.utf8(""), der.printable("")),
    "OpenSSL: T61String is Latin-1": (der.t61(b"\xe9"), der.utf8("\u00e9")),
    "OpenSSL: PrintableString is Latin-1": (der.tlv(0x13, b"\xe9"), der.utf8("\u00e9")),
    "OpenSSL: VisibleString is Latin-1": (der.tlv(0x1A, b"\xe9"), der.utf8("\u00e9")),
    "OpenSSL: white space": (der.utf8("\ta \x0b b"), der.utf8("A b\r")),
    "OpenSSL: what RFC 4518 prohibits stays": (der.utf8("\u200bA"), der.utf8("\u200ba")),
    "RFC 4518: what is dropped": (der.utf8("a\u200cb"), der.utf8("ab")),
    "RFC 4518: NEL is a space": (der.utf8("a\u0085b"), der.utf8("a b")),
    "RFC 4518: T61String, folded": (der.t61(b"\xc9"), der.utf8("\u00e9")),
    "RFC 4518: both are odd": (der.utf8("\u00ad\uff42"), der.utf8("B\u200d")),
    "cryptography: T61String is UTF-8": (der.t61("\u00e9".encode()), der.utf8("\u00e9")),
    "C: the end at NUL": (der.utf8("a\0x"), der.utf8("a")),
    "a later Unicode": (der.utf8("a\u0378"), der.utf8("a")),
}
PERSIAN = ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u0631\u06a9\u0632\u200c\u0635\u062f\u0648\u0631")
BY_NONE = {
    "Persian": (der.utf8(PERSIAN[0]), der.utf8(PERSIAN[1])),
    "Persian, in BMPStrings": (der.bmp(PERSIAN[0]), der.bmp(PERSIAN[1])),
    "no octets and some": (der.utf8(""), der.utf8("\u0645\u200c")),
    "no octets of what is not a string": (der.tlv(3), der.utf8("")),
    "bits": (der.bits(b"a"), der.bits(b"A")),
    "bits and text": (der.bits(b"a"), der.utf8("\u200ca")),
    "T61Strings": (der.t61(b"\xe9"), der.t61(b"\xe8")),
    "NumericString is not text for OpenSSL": (der.tlv(0x12, b""), der.utf8("a\t")),
}


def has_one_name(subject: bytes, issuer: bytes) -> bool:
    organization = (der.O, der.utf8("Agora"))
    names = (der.dn(organization, (der.CN, value)) for value in (subject, issuer))
    return is_self_issued(*map(attributes.decode, names))


@pytest.mark.parametrize("of", BY_ONE_READER)
def test_each_reader(of: str) -> None:
    one, other = BY_ONE_READER[of]
    assert has_one_name(one, other)
    assert has_one_name(other, one)
    assert not has_one_name(one, der.utf8("other"))
    assert not has_one_name(der.utf8("other"), other)


@pytest.mark.parametrize("of", BY_NONE)
def test_names_without_ascii_differ(of: str) -> None:
    one, other = BY_NONE[of]
    assert not has_one_name(one, other)
    assert not has_one_name(other, one)
    assert has_one_name(one, one)
    assert has_one_name(other, other)


def test_a_client_and_a_ca_with_persian_names() -> None:
    by_san = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "rp.example.com"}
    endpoint, authority = Endpoint({"rp": by_san}), make_ca(name(PERSIAN[1]))
    profile = Profile(san_dns=["rp.example.com"])
    assert endpoint.outcome("rp", authority.issue(name(PERSIAN[0]), profile)) == ACCEPTED
    assert endpoint.outcome("rp", authority.issue(name(PERSIAN[1].replace("\u200c", "")), profile)) == SELF_SIGNED
