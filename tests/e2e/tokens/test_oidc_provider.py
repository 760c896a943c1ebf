"""Tokens of oidc-provider, an authorization server of another project, over real mutual TLS."""

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from joserfc.jwk import ECKey, RSAKey

from tests.dpop import BASE_URL, Prover
from tests.support import FORM, mod_ssl, refused
from tests.tls import SERVER_CA, client_context, write_pair, write_server_pair
from tests.tokens import API, GuardedAPI, thumbprint
from wsgi_mtls.jwks import jwk
from wsgi_mtls.store import MemoryStore
from wsgi_mtls.testing import KeyPair, self_sign, to_pem
from wsgi_mtls.tokens import DPoP, IntrospectedTokens, JWTAccessTokens

OPAQUE = f"{API}/opaque"
PAIRS = {name: self_sign(f"CN={name}") for name in ("billing", "mobile", "api", "signed")}
OTHER = self_sign("CN=billing")


def registered(name: str, **metadata: object) -> dict[str, object]:
    return {
        "client_id": name,
        "token_endpoint_auth_method": "self_signed_tls_client_auth",
        "jwks": {"keys": [jwk(PAIRS[name].certificate)]},
        "grant_types": ["client_credentials"],
        "response_types": [],
        "redirect_uris": [],
        **metadata,
    }


@dataclass(frozen=True, slots=True)
class Provider:
    """The running server."""

    folder: Path
    issuer: str

    def token(self, name: str = "billing", resource: str = API, **headers: str) -> str:
        """Get an access token for a client, over a connection with its certificate."""
        parts = urlsplit(self.issuer)
        context = client_context(PAIRS[name])
        connection = HTTPSConnection(parts.hostname or "", parts.port, context=context, timeout=20)
        form = {"grant_type": "client_credentials", "client_id": name, "scope": "accounts", "resource": resource}
        try:
            connection.request("POST", "/token", urlencode(form), {"Content-Type": FORM, **headers})
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        assert "access_token" in answer, answer
        return str(answer["access_token"])

    def jwts(self) -> JWTAccessTokens:
        ca = self.folder / "ca.pem"
        return JWTAccessTokens(issuer=self.issuer, audience=API, jwks_uri=f"{self.issuer}/jwks", ca=ca)

    def introspected(self, name: str = "api", **options: Any) -> IntrospectedTokens:
        certificate, key = write_pair(self.folder, name, PAIRS[name])
        return IntrospectedTokens(
            f"{self.issuer}/token/introspection",
            audience=OPAQUE,
            client_id=name,
            certificate=certificate,
            private_key=key,
            ca=self.folder / "ca.pem",
            **options,
        )


@pytest.fixture(scope="module")
def provider(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """Run the server."""
    folder = tmp_path_factory.mktemp("oidc-provider")
    (folder / "ca.pem").write_bytes(to_pem(SERVER_CA.certificate))
    certificate, key = write_server_pair(folder)
    signing: list[Any] = [ECKey.generate_key("P-256", {"use": "sig"}), RSAKey.generate_key(2048, {"use": "sig"})]
    clients = [
        registered("billing", tls_client_certificate_bound_access_tokens=True),
        registered("mobile", tls_client_certificate_bound_access_tokens=False),
        registered("api"),
        registered("signed", introspection_signed_response_alg="ES256"),
    ]
    settings = {"api": API, "certificate": str(certificate), "privateKey": str(key), "clients": clients,
                "jwks": {"keys": [key.as_dict(private=True) for key in signing]}}  # fmt: skip
    (folder / "settings.json").write_text(json.dumps(settings))
    log = folder / "server.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            ["node", "oidc_provider.mjs", folder / "settings.json"],
            cwd=node_modules,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
        )
    try:
        assert process.stdout is not None
        issuer = process.stdout.readline().strip()
        assert issuer.startswith("https://"), log.read_text()
        yield Provider(folder, issuer)
    finally:
        process.kill()
        process.communicate(timeout=60)


def reasons(guarded: GuardedAPI, token: str, pairs: list[KeyPair | None]) -> list[str]:
    return [guarded.reason(token, pair) for pair in pairs]


def test_jwts(provider: Provider) -> None:
    token, guarded = provider.token(), GuardedAPI(provider.jwts())
    tried = reasons(guarded, token, [PAIRS["billing"], OTHER, None])
    assert tried == ["accepted", "confirmation_mismatch", "token_without_certificate"]
    assert provider.jwts().decode(token)["cnf"] == {"x5t#S256": thumbprint(PAIRS["billing"])}
    assert guarded.reason(provider.token("mobile"), PAIRS["mobile"]) == "token_not_bound"
    header, payload, signature = token.split(".")
    assert guarded.reason(f"{header}.{payload}.{signature[::-1]}", PAIRS["billing"]) == "token_signature_invalid"
    assert guarded.reason(provider.token(resource=f"{API}/other"), PAIRS["billing"]) == "wrong_audience"
    assert guarded.reason(provider.token(resource=OPAQUE), PAIRS["billing"]) == "malformed_token"


@pytest.mark.parametrize("name", ["api", "signed"])
def test_introspection(provider: Provider, name: str) -> None:
    signed = {"issuer": provider.issuer, "jwks_uri": f"{provider.issuer}/jwks"} if name == "signed" else {}
    algorithms = {"algorithms": ["ES256"]} if signed else {}
    guarded = GuardedAPI(provider.introspected(name, **signed, **algorithms))
    token = provider.token(resource=OPAQUE)
    tried = reasons(guarded, token, [PAIRS["billing"], OTHER, None])
    assert tried == ["accepted", "confirmation_mismatch", "token_without_certificate"]
    assert guarded.reason("unknown", PAIRS["billing"]) == "token_inactive"
    assert guarded.reason(provider.token("mobile", OPAQUE), PAIRS["mobile"]) == "token_not_bound"


def test_a_signed_answer_is_not_taken_for_another_apis(provider: Provider) -> None:
    tokens = provider.introspected("signed", issuer="https://other.example.com", jwks_uri=f"{provider.issuer}/jwks")
    with refused("tokens_unavailable", match="iss"):
        tokens.decode(provider.token(resource=OPAQUE))


def test_dpop(provider: Provider) -> None:
    client = Prover()

    # It binds a token to a certificate or to a key, and never to both.
    proof = client.proof("", time.time(), htm="POST", htu=f"{provider.issuer}/token", ath=None)
    token = provider.token("mobile", DPoP=proof)
    guarded = GuardedAPI(provider.jwts(), dpop=DPoP(BASE_URL, store=MemoryStore(evicts=False)))

    def status(token: str, pair: KeyPair | None, made: str) -> int:
        extra = {"HTTP_AUTHORIZATION": f"DPoP {token}", "HTTP_DPOP": made, **mod_ssl(pair, "FAILED:x")}
        return guarded.get(extra=extra).status

    made = client.proof(token, time.time())
    assert status(token, None, made) == 200
    assert status(token, None, made) == 401
    assert guarded.events[-1].reason == "dpop_proof_replayed"
    assert status(token, PAIRS["mobile"], Prover().proof(token, time.time())) == 401
    assert guarded.events[-1].reason == "dpop_key_mismatch"
    assert guarded.get(token, PAIRS["mobile"]).status == 401
    assert guarded.events[-1].reason == "dpop_downgrade"
