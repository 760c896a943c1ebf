"""The recipes of ``docs/sources.md`` read what is documented or was seen."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.unit.sources.captures import CLIENT, NEW_SESSION, SELF_SIGNED, environ, variants
from wsgi_mtls import ClientCertificate
from wsgi_mtls.sources import CertificateSource
from wsgi_mtls.x509 import PeerSubject

DOCS = Path(__file__).parents[3] / "docs" / "sources.md"
RECIPE = re.compile(r"<!-- capture: (\S+) ?(\S*) -->\n```python\n(.*?)```", re.DOTALL)
(IMPORTS,) = re.findall(r"<!-- imports -->\n```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
RECIPES = [match.groups() for match in RECIPE.finditer(DOCS.read_text())]
SECRET = "correct horse"
DN = variants("ingress-nginx")["ca_signed_with_chain"]["HTTP_SSL_CLIENT_SUBJECT_DN"]


def run(code: str) -> CertificateSource:
    clients = {"rp": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": DN}}
    names: dict[str, Any] = {"SECRET": SECRET, "FRONT_DOOR": ["127.0.0.1"], "clients": clients}
    exec(IMPORTS + code, names)
    source: CertificateSource = names["source"]
    return source


def request(capture: str, variant: str, **changes: str) -> dict[str, Any]:
    """Return the environ, with the operator's own header names, ``XClientCert``, beside those of the capture."""
    came = environ(capture, variant, HTTP_X_PROXY_AUTH=SECRET, **(NEW_SESSION | changes))
    own = {re.sub("_|SSL_", "", key[5:]): value for key, value in came.items() if key.startswith("HTTP_")}
    return {**came, **{f"HTTP_{name}": value for name, value in own.items()}}


def expected(capture: str, variant: str) -> ClientCertificate | None:
    if variant == "no_certificate" or (capture == "lighttpd" and variant != "ca_signed_with_chain"):
        return None
    return SELF_SIGNED if variant == "self_signed" else CLIENT


@pytest.mark.parametrize(("capture", "only", "code"), [r for r in RECIPES if r[1] != "subject"])
def test_recipe(capture: str, only: str, code: str) -> None:
    source = run(code)
    for variant in [only] if only else variants(capture):
        peer = source(request(capture, variant))
        assert (peer.certificate if peer else None) == expected(capture, variant), variant


def test_verified_where_the_recipe_says_so() -> None:
    verified = set()
    for capture, only, code in RECIPES:
        peer = run(code)(request(capture, only if only in variants(capture) else next(iter(variants(capture)))))
        assert peer is not None
        if peer.verified:
            verified.add(capture)
    status = {"apache-requestheader", "aws-cloudfront", "ingress-nginx", "nginx", "nginx-legacy-ssl_client_cert"}
    assert verified == status | {"lighttpd", "mod_proxy_uwsgi", "nginx-uwsgi_param"}


@pytest.mark.parametrize("capture", ["apache-requestheader", "mod_proxy_uwsgi"])
def test_a_resumed_session_of_apache_is_not_verified(capture: str) -> None:
    (code,) = [code for found, _, code in RECIPES if found == capture]
    for resumed, verified in (("Initial", True), ("Resumed", False)):
        session = dict.fromkeys(NEW_SESSION, resumed)
        peer = run(code)(request(capture, "ca_signed_with_chain", **session))
        assert peer is not None
        assert peer.verified is verified


def test_the_recipe_for_a_name() -> None:
    ((capture, code),) = [(capture, code) for capture, only, code in RECIPES if only == "subject"]
    for variant, values, verified in (
        ("ca_signed_with_chain", (DN,), True),
        ("ca_signed_without_chain", (DN,), False),
        ("self_signed", ("CN=self-signed-client",), False),
    ):
        peer = run(code)(request(capture, variant))
        assert isinstance(peer, PeerSubject)
        assert (peer.values, peer.verified) == (values, verified)
    assert run(code)(request(capture, "no_certificate")) is None


def test_there_are_recipes() -> None:
    wanted = {"aws-cloudfront", "fastly", "f5-bigip", "lighttpd", "azure-container-apps"}
    assert wanted <= {capture for capture, _, _ in RECIPES}
