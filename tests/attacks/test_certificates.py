"""The certificates of the table are what their names promise, so that each row tries something."""

import pytest
from cryptography import x509

from .certificates import RECIPES, Certificates


@pytest.mark.parametrize("name", RECIPES)
def test_every_certificate_can_be_made_once(made: Certificates, name: str) -> None:
    assert made[name] is made[name]


def test_alternative_names(made: Certificates) -> None:
    assert bytes.fromhex("8708c0000201ffffffff") in made["IP of eight octets"].certificate.der
    assert made["nameless host"].certificate.subject == ""
    read = x509.load_der_x509_certificate(made["nameless host"].certificate.der)
    assert read.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical


def test_keys_and_issuers(made: Certificates) -> None:
    for one, other in (("billing", "billing, same key"), ("mobile", "mobile, same key")):
        assert made[one].key == made[other].key
        assert made[one].certificate != made[other].certificate
    assert made["mobile"].key != made["mobile, other key"].key
    assert made["self-signed"].certificate.is_self_signed
    assert not made["self-issued, broken"].certificate.is_self_signed
    assert len(made["intermediate's"].chain) == len(made["named intermediate's"].chain) == 1
    issuers = {
        x509.load_der_x509_certificate(made[name].certificate.der).issuer for name in ("billing", "namesake CA's")
    }
    assert len(issuers) == 1
