"""Attacks that a review found, in addition to the numbered rows."""

import base64
import time

import pytest

from tests.support import ACCEPTED, Endpoint, refused, request
from wsgi_mtls.sources import encodings
from wsgi_mtls.testing import KeyPair, Profile, make_ca

PKI = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "billing.example.com"}


@pytest.fixture(scope="module")
def billing() -> KeyPair:
    return make_ca().issue("CN=billing", Profile(san_dns=["billing.example.com"]))


# gunicorn, from its forwarder: the header "SCRIPT_NAME: /x", with the targets /x/token, /xtoken and /x/token.
@pytest.mark.parametrize(("script_name", "path_info"), [("/x", "/token"), ("/x", "token"), ("/x/", "token")])
@pytest.mark.parametrize("paths", [["/token"], ["/other", "/token"]])
def test_mount_point_of_the_callers_choice(
    billing: KeyPair, script_name: str, path_info: str, paths: list[str]
) -> None:
    endpoint = Endpoint({"billing": PKI}, paths=paths)
    options = {"path": path_info, "extra": {"SCRIPT_NAME": script_name}}
    assert endpoint.outcome("billing", **options) == (401, "invalid_client", "no_certificate")
    assert endpoint.outcome("billing", billing, **options) == ACCEPTED


def test_mount_point_of_the_callers_choice_before_a_real_one(billing: KeyPair) -> None:
    endpoint = Endpoint({"billing": PKI}, paths=["/oauth/token"])
    options = {"path": "/token", "extra": {"SCRIPT_NAME": "/x/oauth"}}
    assert endpoint.outcome("billing", **options) == (401, "invalid_client", "no_certificate")
    assert endpoint.outcome("billing", billing, **options) == ACCEPTED
    for script_name, path in (("/x", "/token"), ("", "/x/oauth/token"), ("/oauth/x", "/token")):
        answer = request(endpoint.app, {"client_id": "billing"}, path=path, extra={"SCRIPT_NAME": script_name})
        assert answer.json["client_id"] is None


def test_spaces_in_a_list_cost_no_more_than_other_characters() -> None:
    ca = make_ca()
    value = f":{base64.b64encode(ca.certificate.der).decode()}:"
    assert encodings.rfc9440_list(f"{value} \t, \t{value}") == (ca.certificate.der,) * 2
    started = time.process_time()
    for _ in range(5):
        with refused("malformed_certificate"):
            encodings.rfc9440_list(" " * 65000)
    assert time.process_time() - started < 1  # it was 2 seconds for each
