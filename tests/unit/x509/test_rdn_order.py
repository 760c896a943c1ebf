"""An RDN of several attributes, in whatever order a CA has written them."""

from itertools import permutations

import pytest

from tests import der
from tests.support import ACCEPTED, Endpoint
from wsgi_mtls import ClientCertificate

CA = der.CA()
REGISTERED = {
    "token_endpoint_auth_method": "tls_client_auth",
    "tls_client_auth_subject_dn": "CN=billing+2.5.4.5=7+O=Agora,C=US",
}
ATTRIBUTES = [
    der.atv(der.O, der.utf8("Agora")),
    der.atv("2.5.4.5", der.printable("7")),
    der.atv(der.CN, der.utf8("billing")),
]
US = der.rdn(der.atv(der.C, der.printable("US")))


def outcome(*rdns: bytes) -> object:
    certificate = ClientCertificate.from_der(CA.cert(der.name(*rdns), [der.eku(der.CLIENT)]))
    return Endpoint({"billing": REGISTERED}).outcome("billing", certificate)


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_any_order(order: tuple[int, ...]) -> None:
    assert outcome(US, der.rdn(*(ATTRIBUTES[each] for each in order))) == ACCEPTED


def test_another_rdn() -> None:
    mismatch = (401, "invalid_client", "subject_mismatch")
    assert outcome(US, der.rdn(*ATTRIBUTES[1:])) == mismatch
    assert outcome(US, der.rdn(*ATTRIBUTES[::-1], ATTRIBUTES[0])) == mismatch
    assert outcome(der.rdn(*ATTRIBUTES[::-1]), US) == mismatch
    assert outcome(US, *map(der.rdn, ATTRIBUTES)) == mismatch


@pytest.mark.parametrize("wrong", [der.seq(*ATTRIBUTES), der.set_(der.utf8("x")), der.utf8("x")], ids=bytes.hex)
def test_what_is_not_an_rdn(wrong: bytes) -> None:
    assert outcome(US, wrong) == (401, "invalid_client", "certificate_unreadable")


def test_self_issued_in_another_order() -> None:
    """OpenSSL compares names whose attributes it has sorted."""
    one, other = (der.name(US, der.rdn(*attributes)) for attributes in (ATTRIBUTES, ATTRIBUTES[::-1]))
    assert ClientCertificate.from_der(CA.cert(one, issuer=other)).is_self_issued
    assert not ClientCertificate.from_der(CA.cert(one, issuer=der.name(US, der.rdn(*ATTRIBUTES[1:])))).is_self_issued
