"""ATTACKS.md: self-signed certificates that are registered, and those that are not."""

import pytest

from tests.support import ACCEPTED, Endpoint, Outcome
from wsgi_mtls import InvalidClientMetadata
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair, Profile, self_sign

NOT_REGISTERED: Outcome = (401, "invalid_client", "certificate_not_registered")


@pytest.fixture(scope="module")
def mobile() -> KeyPair:
    return self_sign("CN=mobile")


def registered(*keys: dict[str, object], **options: object) -> Endpoint:
    metadata = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": [*keys]}}
    return Endpoint({"mobile": metadata}, verifier=options)


def test_row_20_by_certificate(mobile: KeyPair) -> None:
    endpoint = registered(jwk(mobile.certificate), self_signed_match="certificate")
    assert endpoint.outcome("mobile", self_sign("CN=mobile"), "FAILED:x") == NOT_REGISTERED
    assert endpoint.outcome("mobile", self_sign("CN=mobile", Profile(key=mobile.key)), "FAILED:x") == NOT_REGISTERED
    assert endpoint.outcome("mobile", mobile, "FAILED:x") == ACCEPTED


def test_row_21_key_without_certificate(mobile: KeyPair) -> None:
    bare = {name: value for name, value in jwk(mobile.certificate).items() if name != "x5c"}
    with pytest.raises(InvalidClientMetadata, match="x5c"):
        registered(bare)
    other = self_sign("CN=other")
    endpoint = registered(bare, jwk(other.certificate))
    assert endpoint.outcome("mobile", mobile) == NOT_REGISTERED
    assert endpoint.outcome("mobile", other) == ACCEPTED


def test_row_21_certificate_of_another_key(mobile: KeyPair) -> None:
    other = self_sign("CN=other")
    mixed = jwk(mobile.certificate) | {"x5c": jwk(other.certificate)["x5c"]}
    with pytest.raises(InvalidClientMetadata, match="another key"):
        registered(mixed)
    assert registered(jwk(mobile.certificate)).outcome("mobile", mobile) == ACCEPTED
