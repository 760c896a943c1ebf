"""The code in the pages of deploy/ runs."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.support import peer_certificate
from wsgi_mtls import ClientAuthMiddleware, PeerCertificate, Verifier
from wsgi_mtls.testing import KeyPair, Profile, to_pem

from .pages import ROOT, blocks, run

AWS, AZURE = "deploy/aws_api_gateway/README.md", "deploy/azure_application_gateway/README.md"
BILLING = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "billing.example.com"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def rest_api(certificate: dict[str, str] | None) -> dict[str, Any]:
    """Return an event of format 1.0, as API Gateway's documentation has it."""
    context = {"identity": {"sourceIp": "192.0.2.1", "clientCert": certificate}, "stage": "prod"}
    request = {"httpMethod": "POST", "path": "/token", "body": "client_id=billing", "isBase64Encoded": False}
    headers = {"multiValueHeaders": {name: [value] for name, value in FORM.items()}, "headers": FORM}
    query = {"queryStringParameters": None, "multiValueQueryStringParameters": None}
    return {"version": "1.0", **request, **headers, **query, "requestContext": context}


def http_api(certificate: dict[str, str] | None) -> dict[str, Any]:
    """Return an event of format 2.0; it has no ``authentication`` where mutual TLS is off."""
    http = {"method": "POST", "path": "/token", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"}
    context = {
        "http": http,
        "stage": "$default",
        **({"authentication": {"clientCert": certificate}} if certificate else {}),
    }
    request = {"rawPath": "/token", "rawQueryString": "", "body": "client_id=billing", "isBase64Encoded": False}
    return {"version": "2.0", **request, "headers": FORM, "requestContext": context}


@pytest.mark.parametrize("event", [rest_api, http_api])
def test_api_gateway(event: Any, ca: KeyPair) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        return guarded(environ, start_response)

    def token(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["wsgi_mtls.client"].client_id.encode()]

    names = run(AWS, 0, app=app)
    guarded = ClientAuthMiddleware(token, Verifier({"billing": BILLING}), source=names["api_gateway"], paths=["/token"])

    def invoke(pair: KeyPair | None, **headers: str) -> tuple[int, str]:
        came = event({"clientCertPem": to_pem(pair.certificate).decode()} if pair else None)
        came["headers"] = {**FORM, **headers}
        answer = names["lambda_handler"](came, None)
        return answer["statusCode"], answer["body"]

    billing = ca.issue("CN=x", Profile(san_dns=["billing.example.com"]))
    assert invoke(billing) == (200, "billing")
    forged = json.dumps({"identity": {"clientCert": {"clientCertPem": to_pem(billing.certificate).decode()}}})
    for status, body in (invoke(ca.issue("CN=x")), invoke(None), invoke(None, **{"apig_wsgi.request_context": forged})):
        assert (status, json.loads(body)["error"]) == (401, "invalid_client")


def test_application_gateway(ca: KeyPair) -> None:
    source = run(AZURE, 0)["source"]
    pair = ca.issue("CN=billing")
    environ = {"REMOTE_ADDR": "10.0.1.7", "HTTP_XCLIENTCERT": quote(to_pem(pair.certificate), safe="")}
    assert peer_certificate(dict(environ), source) == PeerCertificate(
        pair.certificate, verified=True, source="XClientCert"
    )
    assert peer_certificate({**environ, "HTTP_XCLIENTCERT": ""}, source) is None
    assert peer_certificate({**environ, "REMOTE_ADDR": "10.0.2.7"}, source) is None


def test_no_other_page_has_code() -> None:
    pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / "deploy").rglob("*.md")}
    assert {page: len(found) for page in pages if (found := blocks(page))} == {AWS: 1, AZURE: 1}
