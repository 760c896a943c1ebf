"""The plugin's fixtures, as an application's tests use them."""

import pytest

pytest_plugins = ["pytester"]

APPLICATION = """
from flask import Flask
from flask_mtls import MutualTLS, client_auth_required, current_client
from wsgi_mtls.testing import environ_for

def make(source):
    app = Flask(__name__)
    app.config["MTLS_SOURCE"] = source
    app.config["MTLS_CLIENTS"] = {
        "billing": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "billing.example.com"},
    }
    MutualTLS(app)
    app.add_url_rule("/token", view_func=client_auth_required(lambda: current_client.client_id), methods=["POST"])
    return app.test_client()

def post(client, pair):
    return client.post("/token", data={"client_id": "billing"}, environ_overrides=environ_for(pair)).status_code

SOURCES = [
    "environ",
    {"preset": "nginx", "trusted_proxies": ["192.0.2.1"]},
    {"preset": "haproxy", "trusted_proxies": ["192.0.2.1"]},
    "gunicorn",
]
"""

TESTS = """
import pytest
from application import SOURCES, make, post

@pytest.mark.parametrize("source", SOURCES)
def test_whatever_the_source(mtls_certificate, source):
    client = make(source)
    assert post(client, mtls_certificate("CN=x", san_dns=["billing.example.com"])) == 200
    assert post(client, mtls_certificate("CN=x", san_dns=["other.example.com"])) == 401
    assert post(client, mtls_certificate("CN=x", san_dns=["billing.example.com"], self_signed=True)) == 401
    assert post(client, None) == 401

def test_certificates(mtls_ca, mtls_certificate):
    one, two = mtls_certificate("CN=a", san_dns=["b"]), mtls_certificate("CN=a", san_dns=["b"])
    assert one is two
    assert mtls_certificate("CN=a", san_dns=["c"]).certificate.public_key_der != one.certificate.public_key_der
    assert one.certificate.issuer == mtls_ca.certificate.subject
    assert mtls_certificate("CN=a", key_type="rsa") is mtls_certificate("CN=a", key_type="rsa")
    with pytest.raises(TypeError, match="san_dns is a list"):
        mtls_certificate("CN=a", san_dns="ab.c")
    assert mtls_certificate(san_uri=["spiffe://a/b"]).certificate.san_uri == ("spiffe://a/b",)

def test_expired(mtls_certificate):
    client = make("environ")
    assert post(client, mtls_certificate("CN=x", san_dns=["billing.example.com"], days=-1)) == 401
    assert post(client, mtls_certificate("CN=x", san_dns=["billing.example.com"], days=1)) == 200
"""


@pytest.mark.parametrize("also", ["", 'pytest_plugins = ["wsgi_mtls.pytest_plugin", "wsgi_mtls.testing"]'])
def test_plugin(pytester: pytest.Pytester, also: str) -> None:
    pytester.makeconftest(also)
    pytester.makepyfile(application=APPLICATION, test_it=TESTS)
    result = pytester.runpytest_subprocess("-q")
    result.assert_outcomes(passed=6)


def test_plugin_of_the_command_line(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(mtls_ca): assert mtls_ca.certificate.is_self_signed")
    pytester.runpytest_subprocess("-q", "-p", "wsgi_mtls.pytest_plugin").assert_outcomes(passed=1)
