"""Registered certificates are read once, and how many a client has does not matter to a request."""

import base64
from functools import partial
from typing import Any

import pytest

from tests.frames import frames_of_the_last, needs_cpython_311
from tests.unit.test_frames import environ
from wsgi_mtls import CallbackRegistry, Client, ClientCertificate, PeerCertificate, Verifier, sources
from wsgi_mtls.jwks import jwk, registered_keys
from wsgi_mtls.testing import self_sign

MOBILE = self_sign("CN=mobile")
OTHER = self_sign("CN=other").certificate


def strangers_come() -> None:
    """Have a source read 3 MiB of distinct certificates, more than it remembers."""
    source = sources.header("XClientCert", sources.encodings.base64_der, trusted_proxies="any")
    for number in range(3000):
        der = b"\x30\x82\x02\x04\x04\x82\x02\x00" + number.to_bytes(512)
        assert source(environ(HTTP_XCLIENTCERT=base64.b64encode(der).decode())) is not None


def again(content: Any) -> Any:
    """Return an equal object, as a database or a file would make a new one."""
    return content[:1] + content[1:]


def test_x5c_is_read_once() -> None:
    keys = jwk(MOBILE.certificate)
    first = registered_keys({"keys": [keys]}).certificates[0]
    strangers_come()
    assert registered_keys({"keys": [keys | {"x5c": [again(keys["x5c"][0])]}]}).certificates[0] is first  # type: ignore[index]


def test_the_members_of_a_remembered_key_are_still_compared() -> None:
    mobile, other = jwk(MOBILE.certificate), jwk(OTHER)
    assert registered_keys({"keys": [mobile]}).certificates == (MOBILE.certificate,)
    with pytest.raises(ValueError, match="another key"):
        registered_keys({"keys": [other | {"x5c": mobile["x5c"]}]})


@pytest.mark.parametrize("content", [MOBILE.certificate_pem, MOBILE.certificate.der], ids=["pem", "der"])
def test_what_a_callback_returns_is_read_once(content: bytes) -> None:
    registry = CallbackRegistry(self_signed=lambda _: [again(content), bytearray(content)])
    first = registry.get("mobile")
    strangers_come()
    second = registry.get("mobile")
    assert first is not None
    assert second is not None
    assert {id(one) for one in (*first.certificates, *second.certificates)} == {id(first.certificates[0])}


@needs_cpython_311
@pytest.mark.parametrize("match", ["public_key", "certificate"])
def test_the_number_of_registered_keys(match: Any) -> None:
    """A client of a thousand certificates costs as many frames as one of a single certificate."""
    made = [ClientCertificate(number.to_bytes(4), f"{number}") for number in range(1000)]
    counts = []
    for registered in ((MOBILE.certificate,), (*made, MOBILE.certificate)):
        client = Client(
            client_id="mobile",
            token_endpoint_auth_method="self_signed_tls_client_auth",
            registered_certificates=registered,
        )
        verifier = Verifier({"mobile": client}, self_signed_match=match)
        peers = [PeerCertificate(ClientCertificate.from_der(MOBILE.certificate.der)) for _ in range(2)]
        counts.append(len(frames_of_the_last(partial(verifier.authenticate, "mobile"), peers).entered))
    assert counts[0] == counts[1]
