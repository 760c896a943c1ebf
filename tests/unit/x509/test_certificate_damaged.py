"""What is not one DER value is refused at once; a part that can't be read fails when it is asked for, and by itself."""

import base64
import itertools
import warnings

import pytest
from cryptography import x509

from tests.support import refused
from wsgi_mtls import ClientCertificate
from wsgi_mtls.errors import BadCertificate, MutualTLSError
from wsgi_mtls.testing import KeyPair, Profile, make_ca, to_pem

CA = make_ca()
GOOD = CA.issue("CN=abcdefgh", Profile(san_dns=["abcdefgh.example"]))


def patched(pair: KeyPair, old: bytes, new: bytes) -> bytes:
    """Change octets of a certificate; its signature is wrong then, which reading it does not look at."""
    assert pair.certificate.der.count(old) == 1
    assert len(old) == len(new)
    return pair.certificate.der.replace(old, new)


def with_extension(value: bytes, oid: str = "2.5.29.17") -> bytes:
    extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value)
    return _unread(CA, extension)


def _unread(ca: KeyPair, extension: x509.UnrecognizedExtension) -> bytes:
    """Issue with an extension under an OID of the same length, then give it its own."""
    stand_in = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.30.99"), extension.value)
    pair = ca.issue("CN=x", Profile(extensions=[(stand_in, False)], extended_key_usage=()))
    own = bytes([0x55, 0x1D, int(extension.oid.dotted_string.rpartition(".")[2])])
    return patched(pair, bytes([0x55, 0x1E, 99]), own)


def refuse(der: bytes) -> MutualTLSError:
    with refused("malformed_certificate") as caught:
        ClientCertificate.from_der(der)
    return caught.value


def unreadable(der: bytes, part: str) -> MutualTLSError:
    certificate = ClientCertificate.from_der(der)
    for _ in range(2):
        with refused("certificate_unreadable") as caught:
            getattr(certificate, part)
    with refused("certificate_unreadable"):
        certificate.require_readable()
    assert certificate.not_before < certificate.not_after  # the other parts are read
    return caught.value


def test_the_twin_is_read() -> None:
    assert ClientCertificate.from_der(patched(GOOD, b"abcdefgh.example", b"abcdefgh.exemple")).san_dns == (
        "abcdefgh.exemple",
    )
    assert with_extension(bytes.fromhex("300382016b"))
    assert ClientCertificate.from_der(with_extension(bytes.fromhex("300382016b"))).san_dns == ("k",)


DER = GOOD.certificate.der


@pytest.mark.parametrize(
    "der",
    [b"", b"\0", b"0", DER[:-1], DER[:100], DER + b"\0", DER + DER, b" " + DER, to_pem(GOOD.certificate), GOOD.key_pem],
    ids=["empty", "nul", "tag", "short", "shorter", "trailing", "two", "leading", "pem", "key"],
)
def test_not_one_certificate(der: bytes) -> None:
    assert refuse(der).reason == "malformed_certificate"


def test_too_large() -> None:
    assert "larger" in refuse(b"\x30" * 65537).message


@pytest.mark.parametrize("octets", [b"\xff" * 8, b"abcdefg\xc3", b"\xed\xa0\x80abcde"])
def test_undecodable_subject(octets: bytes) -> None:
    certificate = ClientCertificate.from_der(patched(GOOD, b"\x0c\x08abcdefgh", b"\x0c\x08" + octets))
    assert certificate.common_names == ("",)
    assert certificate.subject == f"CN=#0c08{octets.hex()}"
    assert not certificate.subject_name.matches(certificate.subject_name)


@pytest.mark.parametrize("tag", [0x13, 0x16, 0x1E, 0x1C, 0x02, 0x30, 0x05])
def test_subject_of_another_type_is_read_or_refused(tag: int) -> None:
    der = patched(GOOD, b"\x0c\x08abcdefgh", bytes([tag]) + b"\x08abcdefgh")
    try:
        certificate = ClientCertificate.from_der(der)
    except BadCertificate:
        return
    assert certificate.der == der


def test_an_unknown_extension_twice_is_not_read() -> None:
    oids = [x509.ObjectIdentifier(f"1.3.6.1.4.1.99999.{arc}") for arc in (1, 2)]
    extensions = [(x509.UnrecognizedExtension(oid, b"\x05\x00"), False) for oid in oids]
    pair = CA.issue("CN=x", Profile(extensions=extensions))
    first, second = (bytes.fromhex("2b06010401868d1f") + bytes([arc]) for arc in (1, 2))
    certificate = ClientCertificate.from_der(patched(pair, second, first))
    certificate.extensions.check()
    assert certificate.require_readable().subject == "CN=x"


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\x05\x00",
        bytes.fromhex("300482016b"),  # too short
        bytes.fromhex("30038201ff"),  # a name that is no ASCII
        bytes.fromhex("300382016b00"),
    ],
)
def test_unreadable_alternative_name(value: bytes) -> None:
    assert "subject alternative name" in unreadable(with_extension(value), "san_dns").message


def test_a_name_of_another_kind_is_not_read() -> None:
    of_one_octet = ClientCertificate.from_der(with_extension(bytes.fromhex("300687010a82016b")))
    assert (of_one_octet.san_dns, of_one_octet.san_ip) == (("k",), ())
    x400 = ClientCertificate.from_der(with_extension(bytes.fromhex("3005a30082016b")))
    assert x400.san_dns == ("k",)
    assert ClientCertificate.from_der(with_extension(bytes.fromhex("30068601ff82016b"))).san_dns == ("k",)
    assert unreadable(with_extension(bytes.fromhex("30068601ff82016b")), "san_uri").reason == "certificate_unreadable"


def test_unreadable_purpose() -> None:
    assert "extended key usage" in unreadable(with_extension(b"\x05\x00", "2.5.29.37"), "extended_key_usage").message
    usage = with_extension(bytes.fromhex("300a06082b06010505070302"), "2.5.29.37")
    assert ClientCertificate.from_der(usage).extended_key_usage == frozenset({"1.3.6.1.5.5.7.3.2"})


def test_what_cryptography_warns_of_is_read() -> None:
    too_long = patched(CA.issue("C=SE,O=x"), b"\x55\x04\x0a\x0c\x01x", b"\x55\x04\x06\x0c\x01x")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ClientCertificate.from_der(too_long).require_readable().subject == "C=SE,C=x"


# PEM

PEM = to_pem(GOOD.certificate).decode()
BASE64 = base64.b64encode(DER).decode()


@pytest.mark.parametrize(
    "pem",
    [
        PEM,
        PEM.encode(),
        PEM.strip(),
        "\n \t" + PEM + " \r\n",
        PEM.replace("\n", "\r\n"),
        f"-----BEGIN CERTIFICATE-----\n{BASE64}\n-----END CERTIFICATE-----",
    ],
)
def test_pem(pem: str | bytes) -> None:
    assert ClientCertificate.from_pem(pem) == GOOD.certificate


@pytest.mark.parametrize(
    "pem",
    [
        "",
        " ",
        "(null)",
        b"\xff\xfe",
        "\N{SNOWMAN}",
        PEM + PEM,
        PEM + "x",
        "x" + PEM,
        "subject=CN=x\n" + PEM,
        PEM.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
        PEM.replace("BEGIN CERTIFICATE", "BEGIN X509 CERTIFICATE"),
        PEM.replace("CERTIFICATE", "PUBLIC KEY"),
        PEM.replace("-----END", "----END"),
        PEM.replace("\n", " "),
        PEM.replace("\n", ""),
        PEM.replace("M", "-", 1),
        PEM.replace("M", "\N{FULLWIDTH LATIN CAPITAL LETTER M}", 1),
        "-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n====\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        f"-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n\n{BASE64}\n-----END CERTIFICATE-----",
        DER,
    ],
)
def test_no_pem(pem: str | bytes) -> None:
    with refused("malformed_certificate"):
        ClientCertificate.from_pem(pem)


def test_message_says_what_to_do() -> None:
    with refused("malformed_certificate", match="found 2 certificates. Give that certificate alone"):
        ClientCertificate.from_pem(PEM + PEM)


def test_base64_with_stray_bits() -> None:
    # Signature and serial number vary in length, so no fixed number of tries is enough.
    issued = (CA.issue("CN=x").certificate for _ in itertools.count())
    padding_of_one = next(certificate for certificate in issued if len(certificate.der) % 3 == 2)
    text = base64.b64encode(padding_of_one.der).decode()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    stray = text[:-2] + alphabet[alphabet.index(text[-2]) + 1] + "="
    assert base64.b64decode(stray) == padding_of_one.der
    with refused("malformed_certificate", match="canonical"):
        ClientCertificate.from_pem(f"-----BEGIN CERTIFICATE-----\n{stray}\n-----END CERTIFICATE-----")
