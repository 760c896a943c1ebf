"""Rows 5, 44 and 50 of ATTACKS.md around one WSGI application: other methods, other parameters, other paths."""

import pytest

from tests.support import ACCEPTED, Endpoint, request
from wsgi_mtls.testing import KeyPair

DN = "CN=billing,O=Agora,C=SE"
PKI = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": DN}


@pytest.fixture(scope="module")
def billing(ca: KeyPair) -> KeyPair:
    return ca.issue(DN)


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint(
        {
            "billing": PKI,
            "jwt": {"token_endpoint_auth_method": "private_key_jwt"},
        }
    )


def test_row_05_client_of_another_method_comes_over_mutual_tls(endpoint: Endpoint, billing: KeyPair) -> None:
    assertion = {"client_assertion": "e30.e30.", "client_assertion_type": "urn:x"}
    seen = endpoint.post("jwt", billing, form=assertion).json
    assert seen["client_id"] is None
    assert seen["thumbprint"] == billing.certificate.thumbprint
    assert [(e.name, e.method) for e in endpoint.events] == [("client_left_to_application", "private_key_jwt")]


def test_row_44_other_parameters_in_the_query(endpoint: Endpoint, billing: KeyPair) -> None:
    assert endpoint.outcome("billing", billing, query="audience=b") == ACCEPTED
    assert endpoint.outcome("billing", billing, query="client_id=billing")[2] == "client_id_in_query"


@pytest.mark.parametrize("path", ["//token", "/token/", "/token//", "/token/x", "//token//x"])
def test_row_50_other_spellings_of_the_path(endpoint: Endpoint, billing: KeyPair, path: str) -> None:
    assert endpoint.outcome("billing", path=path) == (401, "invalid_client", "no_certificate")
    assert endpoint.outcome("billing", billing, path=path) == ACCEPTED


@pytest.mark.parametrize(
    ("script_name", "path_info"), [("/token", ""), ("/token", "/"), ("/", "/token"), ("/token", "/x")]
)
def test_row_50_mount_point(endpoint: Endpoint, billing: KeyPair, script_name: str, path_info: str) -> None:
    options = {"path": path_info, "extra": {"SCRIPT_NAME": script_name}}
    assert endpoint.outcome("billing", **options) == (401, "invalid_client", "no_certificate")
    assert endpoint.outcome("billing", billing, **options) == ACCEPTED


def test_row_50_guard_of_a_mounted_path(billing: KeyPair) -> None:
    endpoint = Endpoint({"billing": PKI}, paths=["/oauth/token"])
    options = {"path": "/token", "extra": {"SCRIPT_NAME": "/oauth"}}
    assert endpoint.outcome("billing", **options) == (401, "invalid_client", "no_certificate")
    assert endpoint.outcome("billing", billing, **options) == ACCEPTED


@pytest.mark.parametrize("path", ["/tokens", "/Token", "/x/token", "/toke", "/"])
def test_row_50_another_path_is_not_the_endpoint(endpoint: Endpoint, path: str) -> None:
    answer = request(endpoint.app, {"client_id": "billing"}, path=path)
    assert answer.json["client_id"] is None
    assert endpoint.events == []
