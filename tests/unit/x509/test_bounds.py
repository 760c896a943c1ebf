"""How much of a certificate is read: what a client can make long has a limit, with a reason, where it is read."""

from typing import Any

import pytest

from tests import der
from tests.support import ACCEPTED, refused
from tests.unit.x509.test_cases import CLIENT, DNS, MISMATCH, UNREADABLE, bound_token, itself, made, pki
from wsgi_mtls.x509 import attributes, preparation

BILLING = (der.CN, der.utf8("billing"))


def units(count: int) -> list[tuple[str, bytes]]:
    """Return attributes of 75 octets each."""
    return [(der.OU, der.utf8(f"{number:064}")) for number in range(count)]


def test_a_long_name() -> None:
    short, long = der.dn(*units(54), BILLING), der.dn(*units(55), BILLING)
    assert len(short) <= attributes.MAX_NAME_SIZE < len(long)
    registered = ",".join(["CN=billing", *(f"OU={number:064}" for number in reversed(range(54)))])
    assert pki(made(subject=short), "subject_dn", registered) == ACCEPTED
    assert pki(made(subject=long), "subject_dn", registered) == UNREADABLE
    # What reads no name accepts it.
    certificate = made(DNS, CLIENT, subject=long)
    assert pki(certificate, "san_dns", "billing.example.com") == ACCEPTED
    assert bound_token(certificate) == 200
    assert itself(certificate) == ACCEPTED
    with refused("certificate_unreadable", match=r"subject can't be read \(it has .* octets"):
        _ = certificate.subject
    # An issuer of the same length may be the same name.
    other = made(DNS, CLIENT, subject=long, issuer=long[:-1] + b"h")
    assert pki(other, "san_dns", "billing.example.com") == UNREADABLE


def test_names_are_prepared_only_for_clients_registered_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = made(DNS, CLIENT, subject=der.dn(*units(20), BILLING))
    prepared: list[str] = []
    original = preparation.prepare

    def prepare(text: str) -> str:
        prepared.append(text)
        return original(text)

    monkeypatch.setattr(attributes, "prepare", prepare)
    assert pki(certificate, "san_dns", "billing.example.com") == ACCEPTED
    assert prepared == []
    assert pki(certificate, "subject_dn", "CN=billing") == MISMATCH
    assert prepared != []


@pytest.mark.parametrize(("count", "expected"), [(100, ACCEPTED), (101, UNREADABLE), (500, UNREADABLE)])
def test_many_extensions(count: int, expected: Any) -> None:
    unknown = [der.ext(f"1.3.6.1.4.1.{number}.1", b"\x05\x00") for number in range(count - 1)]
    certificate = made(CLIENT, *unknown)
    assert pki(certificate) == expected
    assert bound_token(certificate) == 200
    assert itself(certificate) == ACCEPTED
    if expected == UNREADABLE:
        with refused("certificate_unreadable", match=f"there are {count}, and more than 100"):
            _ = certificate.extensions
