"""The programs in docs/bound-tokens.md and docs/dpop.md run."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.dpop import Prover
from tests.support import mod_ssl, request
from tests.tls import write_pair
from tests.tokens import NOW, Issuer, thumbprint
from wsgi_mtls import Client, PeerCertificate, sources
from wsgi_mtls.errors import REASONS
from wsgi_mtls.store import MemoryStore
from wsgi_mtls.testing import self_sign
from wsgi_mtls.wsgi_tokens import TOKEN, AccessTokenMiddleware

DOCS = Path(__file__).parents[3] / "docs" / "bound-tokens.md"
API_PROGRAM, INTROSPECTION, BINDING, METADATA = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)


def run(program: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(program, names)
    return names


def test_api() -> None:
    names = run(API_PROGRAM)
    answer = request(names["app"], path="/accounts", method="GET")
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer scope="accounts"')
    assert request(names["app"], path="/acc\xffounts", method="GET").status == 400
    with pytest.raises(KeyError, match=TOKEN):  # open, so the view that wants a token fails
        request(names["app"], path="/health", method="GET")
    pair, issuer = self_sign("CN=x"), Issuer()
    app = AccessTokenMiddleware(names["accounts"], issuer.tokens(), source=sources.mod_ssl(), paths=["/accounts"])
    extra = {"HTTP_AUTHORIZATION": f"Bearer {issuer.token(pair)}", **mod_ssl(pair)}
    accepted = request(app, path="/accounts", method="GET", extra=extra)
    assert accepted.body == b"billing may accounts payments\n"


def test_introspection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pair(tmp_path, "api", self_sign("CN=api"))
    monkeypatch.chdir(tmp_path)
    assert run(INTROSPECTION)["tokens"]


def test_binding() -> None:
    pair = self_sign("CN=phone")
    client = Client(
        client_id="phone", token_endpoint_auth_method="none", tls_client_certificate_bound_access_tokens=True
    )
    environ = {"wsgi_mtls.peer": PeerCertificate(pair.certificate)}
    cnf = {"x5t#S256": thumbprint(pair)}
    stored = {"client_id": "phone", "sub": "alice", "cnf": cnf}
    claims, refresh = run(BINDING)["issue"](environ, client, {"sub": "alice"}, stored)
    assert claims == {"sub": "alice", "cnf": cnf}
    assert refresh == stored


def test_metadata() -> None:
    app = run(METADATA)["app"]
    server = request(app, path="/.well-known/oauth-authorization-server", method="GET").json
    assert server["mtls_endpoint_aliases"]["token_endpoint"] == "https://mtls.as.example.com/token"
    assert request(app, path="/.well-known/oauth-protected-resource", method="GET").status == 200


def test_every_reason_is_named() -> None:
    text = DOCS.read_text()
    for reason, entry in REASONS.items():
        if entry.error == "invalid_token" and reason != "invalid_token":
            assert f"`{reason}`" in text, reason


def test_dpop() -> None:
    page = DOCS.with_name("dpop.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names = run(program)
    answer = request(names["app"], path="/accounts", method="GET")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="oauth", DPoP algs="ES256 PS256 Ed25519"'
    issuer, client = Issuer(), Prover()
    dpop = names["DPoP"]("https://api.example.com", clock=lambda: NOW, store=MemoryStore(evicts=False))
    app = AccessTokenMiddleware(
        names["accounts"], issuer.tokens(), source=sources.mod_ssl(), paths=["/accounts"], dpop=dpop
    )
    token = issuer.token(cnf={"jkt": client.jkt})
    extra = {"HTTP_AUTHORIZATION": f"DPoP {token}", "HTTP_DPOP": client.proof(token, NOW)}
    assert request(app, path="/accounts", method="GET", extra=extra).body == b"bound to a DPoP key"
