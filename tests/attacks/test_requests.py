"""ATTACKS.md: requests that do not name one client by one method."""

import base64

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
            "other": {**PKI, "tls_client_auth_subject_dn": "CN=other"},
            "jwt": {"token_endpoint_auth_method": "private_key_jwt"},
        }
    )


def test_row_01_no_certificate(endpoint: Endpoint, billing: KeyPair) -> None:
    assert endpoint.outcome("billing") == (401, "invalid_client", "no_certificate")
    assert endpoint.outcome("billing", billing) == ACCEPTED


def test_row_01_offers_no_http_scheme(endpoint: Endpoint) -> None:
    assert "WWW-Authenticate" not in endpoint.post("billing").headers


def test_row_02_no_client_id(endpoint: Endpoint, billing: KeyPair) -> None:
    assert endpoint.outcome(None, billing) == (400, "invalid_request", "missing_client_id")
    assert endpoint.outcome("billing", billing) == ACCEPTED


@pytest.mark.parametrize("body", [b"client_id=billing&client_id=other", b"client_id=billing&client%5Fid=billing"])
def test_row_03_client_id_twice(endpoint: Endpoint, billing: KeyPair, body: bytes) -> None:
    assert endpoint.outcome(None, billing, body=body) == (400, "invalid_request", "repeated_client_id")
    assert endpoint.outcome(None, billing, body=b"client_id=billing") == ACCEPTED


def test_row_04_another_clients_certificate(endpoint: Endpoint, billing: KeyPair) -> None:
    assert endpoint.outcome("other", billing) == (401, "invalid_client", "subject_mismatch")
    assert endpoint.outcome("billing", billing) == ACCEPTED


CREDENTIALS = [
    {"form": {"client_secret": "s3cret"}},
    {"form": {"client_assertion": "e30.e30.", "client_assertion_type": "urn:x"}},
    {"query": "client_secret=s3cret"},
    {"extra": {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(b"billing:s3cret").decode()}},
    {"extra": {"HTTP_AUTHORIZATION": "basic Og=="}},
]


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_row_05_certificate_and_another_credential(
    endpoint: Endpoint, billing: KeyPair, credential: dict[str, dict[str, str]]
) -> None:
    assert endpoint.outcome("billing", billing, **credential) == (400, "invalid_request", "multiple_credentials")
    assert endpoint.outcome("billing", billing, form={"client_secret": ""}) == ACCEPTED  # RFC 6749 section 3.2: omitted


def test_row_05_client_of_another_method_comes_over_mutual_tls(endpoint: Endpoint, billing: KeyPair) -> None:
    assertion = {"client_assertion": "e30.e30.", "client_assertion_type": "urn:x"}
    seen = endpoint.post("jwt", billing, form=assertion).json
    assert seen["client_id"] is None
    assert seen["thumbprint"] == billing.certificate.thumbprint
    assert [(e.name, e.method) for e in endpoint.events] == [("client_left_to_application", "private_key_jwt")]


def test_row_06_certificate_where_an_assertion_is_registered(endpoint: Endpoint, billing: KeyPair) -> None:
    assert endpoint.outcome("jwt", billing) == (401, "invalid_client", "auth_method_not_registered")
    assert endpoint.outcome("billing", billing) == ACCEPTED


ELSEWHERE = [
    ({"query": "client_id=other"}, "client_id_in_query"),
    ({"query": "client_id=billing"}, "client_id_in_query"),
    ({"query": "a=b&client%5fid"}, "client_id_in_query"),
    ({"content_type": "multipart/form-data; boundary=x"}, "unsupported_content_type"),
    ({"content_type": "application/x-www-form-urlencoded; charset=utf-7"}, "unsupported_content_type"),
    ({"content_type": "application/x-www-form-urlencoded; charset=utf-8; charset=utf-7"}, "unsupported_content_type"),
]


@pytest.mark.parametrize(("options", "reason"), ELSEWHERE)
def test_row_44_client_id_elsewhere(endpoint: Endpoint, billing: KeyPair, options: dict[str, str], reason: str) -> None:
    assert endpoint.outcome("billing", billing, **options) == (400, "invalid_request", reason)
    assert endpoint.outcome("billing", billing, query="audience=b") == ACCEPTED
    charset = "application/x-www-form-urlencoded; charset=UTF-8"
    assert endpoint.outcome("billing", billing, content_type=charset) == ACCEPTED


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
