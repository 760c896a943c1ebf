"""The DER that is written around a content, and certificates of which one part can't be read."""

import pytest
from cryptography.hazmat import asn1

from wsgi_mtls import ClientCertificate
from wsgi_mtls.errors import BadCertificate
from wsgi_mtls.testing import make_ca
from wsgi_mtls.x509 import structure


@pytest.mark.parametrize("length", [0, 1, 127, 128, 255, 256, 65535, 65536])
def test_a_length_is_written_as_der_has_it(length: int) -> None:
    content = b"x" * length
    assert structure.under_tag(b"\x04", content) == asn1.encode_der(content)
    assert structure.under_tag(b"\x04", memoryview(content)) == asn1.encode_der(content)


SOUND = make_ca("CN=CA").issue("CN=a").certificate


def test_an_extension_that_is_none_spoils_only_the_extensions() -> None:
    """Whatever is read of a certificate in one call is read alike where a part of it is broken."""
    octets = SOUND.der
    # The tag of the last extension's OID becomes that of an OCTET STRING.
    at = octets.rindex(b"\x06\x03\x55\x1d")
    broken = ClientCertificate.from_der(octets[:at] + b"\x04" + octets[at + 1 :])
    assert broken.validity == SOUND.validity
    assert broken.subject_attributes == SOUND.subject_attributes
    assert broken.public_key_der == SOUND.public_key_der
    with pytest.raises(BadCertificate) as caught:
        broken.pki_purposes  # noqa: B018
    assert caught.value.reason == "certificate_unreadable"
    assert SOUND.pki_purposes == frozenset({"1.3.6.1.5.5.7.3.2"})


def test_a_validity_that_is_none_spoils_only_the_validity() -> None:
    octets = SOUND.der
    at = octets.index(b"\x17\x0d")  # notBefore, a UTCTime
    broken = ClientCertificate.from_der(octets[:at] + b"\x04" + octets[at + 1 :])
    assert broken.subject_attributes == SOUND.subject_attributes
    assert broken.pki_purposes == SOUND.pki_purposes
    with pytest.raises(BadCertificate, match="validity"):
        broken.validity  # noqa: B018
