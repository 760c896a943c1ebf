"""A mesh that forwards the URI and the hash of a certificate: clients by URI, and tokens bound to the hash."""

import re
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support import ACCEPTED, Endpoint, refused, request
from tests.unit.sources.captures import CLIENT, HERE, HYPHENS, environ
from wsgi_mtls import AccessTokenMiddleware, Verifier, sources
from wsgi_mtls.binding import bind, verify_confirmation
from wsgi_mtls.clients import Client
from wsgi_mtls.x509 import PeerSubject

HEADER = "HTTP_X_FORWARDED_CLIENT_CERT"
TEXT = (Path(__file__).parents[2] / "cases" / "headers" / "xfcc-sidecar-uri-only.txt").read_text().strip()
BILLING = "spiffe://cluster.local/ns/shop/sa/billing"
HASH = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
# The digest above, by `xxd -r -p | base64 | tr +/ -_`.
THUMBPRINT = "LXEWQrcmsEQBYnyp-6wy9chTD7GQPMTbAiWHF5IaSIE"
SOURCE = sources.istio_sidecar(terminator_verifies=True, **HYPHENS)
KIND: Final = "tls_client_auth_san_uri"
CLIENTS: dict[str, Any] = {
    "billing": {"token_endpoint_auth_method": "tls_client_auth", KIND: BILLING},
    "bound": {
        "token_endpoint_auth_method": "tls_client_auth",
        KIND: BILLING,
        "tls_client_certificate_bound_access_tokens": True,
    },
}


def sent(text: str, address: str = "127.0.0.1") -> dict[str, str]:
    return {"REMOTE_ADDR": address, HEADER: text}


def outcome(text: str, client_id: str = "billing", source: Any = SOURCE) -> Any:
    endpoint = Endpoint(CLIENTS, verifier={"allowed_methods": ["tls_client_auth"]}, source=source)
    answer = request(endpoint.app, {"client_id": client_id}, extra=sent(text))
    # The test's endpoint would show the certificate; a refusal shows itself.
    event = next(event for event in endpoint.events if event.name != "untrusted_proxy")
    return ACCEPTED if event.name == "client_authenticated" else (answer.status, answer.json["error"], event.reason)


@pytest.fixture(autouse=True)
def _no_thumbprint_in_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b"{}"]

    monkeypatch.setattr("tests.support.token_endpoint", app)


WAYPOINT = f"By=spiffe://cluster.local/ns/shop/sa/waypoint;URI={BILLING}"


def test_a_client_by_its_uri() -> None:
    assert SOURCE(sent(TEXT)) == PeerSubject(KIND, (BILLING,), True, "istio_sidecar", THUMBPRINT)
    for text in (TEXT, WAYPOINT, f"URI={BILLING}", f"By=urn:a;b,c;Hash={HASH};URI={BILLING}"):
        assert outcome(text) == ACCEPTED
    assert outcome(TEXT.replace("sa/billing", "sa/shipping")) == (401, "invalid_client", "subject_mismatch")
    assert outcome(f"Hash={HASH}") == (401, "invalid_client", "subject_mismatch")
    assert outcome(f"Hash={HASH};URI=") == (401, "invalid_client", "subject_mismatch")
    unverified = sources.istio_sidecar(**HYPHENS)
    assert outcome(TEXT, source=unverified) == (401, "invalid_client", "chain_not_verified")


def test_who_gets_bound_tokens_needs_the_hash() -> None:
    assert outcome(TEXT, "bound") == ACCEPTED
    assert outcome(WAYPOINT, "bound") == (401, "invalid_client", "certificate_not_delivered")
    verifier = Verifier(CLIENTS, allowed_methods=["tls_client_auth"])
    client = verifier.authenticate("billing", SOURCE(sent(TEXT)))
    assert client.confirmation == {"x5t#S256": THUMBPRINT}
    with refused("certificate_not_delivered"):
        _ = verifier.authenticate("billing", SOURCE(sent(WAYPOINT))).confirmation
    registered = Client(client_id="bound", token_endpoint_auth_method="none")
    assert bind({}, SOURCE(sent(TEXT)), registered, always=True) == {"cnf": {"x5t#S256": THUMBPRINT}}
    with refused("certificate_required"):
        bind({}, SOURCE(sent(WAYPOINT)), registered, always=True)


VICTIM = BILLING
ATTACKER = "spiffe://cluster.local/ns/evil/sa/x"
BEFORE = f'By=spiffe://api;Hash={HASH};Subject="";URI='


# Names that a client may have in its own certificate, and headers that it may send itself.
@pytest.mark.parametrize(
    "text",
    [
        f"{BEFORE}x;URI={VICTIM}",
        f"{BEFORE}{VICTIM};URI={ATTACKER}",
        f"{BEFORE}{VICTIM};DNS=x",
        f"{BEFORE}{VICTIM};Subject=x",
        f"{BEFORE}{VICTIM};Hash={HASH}",
        f"{BEFORE}{VICTIM},By=x;Hash={HASH};URI={ATTACKER}",
        f"{BEFORE}x,By=x;Hash={HASH};URI={VICTIM}",
        f"{BEFORE}x,URI={VICTIM}",
        f"{BEFORE}x;Hash={HASH};URI={VICTIM}",
        f"By=spiffe://api;Hash={HASH};URI=x;Hash={HASH};URI={VICTIM}",
        f"By=spiffe://api;URI=x;Hash={HASH}",
        f"By=spiffe://api;URI=x;URI={VICTIM}",
        f'{BEFORE}"{VICTIM}"',
        f"{BEFORE}{VICTIM};",
        f"{BEFORE}{VICTIM},",
        f'{BEFORE}x"y',
        f"Hash={HASH};DNS=x;URI={VICTIM}",
        f"Hash={HASH};URI=;DNS=x;URI={VICTIM}",
        f"Hash={HASH};DNS=x",
        f'Hash={HASH};Subject=",By=spiffe://api;Hash={HASH};URI=x";URI={VICTIM}',
        f'Hash={HASH};Subject=",By=spiffe://api;URI=x";URI={VICTIM}',
        f"Hash={HASH};URI={VICTIM},{BEFORE}{ATTACKER}",
        f'Subject="";URI={VICTIM}',
        f"By=a,URI={VICTIM},By=b;Hash={HASH};URI={ATTACKER}",
        f"Hash=;URI={VICTIM}",
        f"Hash={HASH[:-1]};URI={VICTIM}",
        f"Hash={HASH.upper()};URI={VICTIM}",
        "x",
        f"{BEFORE}{VICTIM}" + "x" * 65536,
    ],
)
def test_what_a_client_writes_into_its_names(text: str) -> None:
    with refused("malformed_certificate"):
        SOURCE(sent(text))
    assert outcome(text) == (400, "invalid_request", "malformed_certificate")


def test_a_pod_whose_own_by_swallows_a_separator_is_still_itself() -> None:
    peer = SOURCE(sent(f"By=x,{BEFORE}{ATTACKER}"))
    assert isinstance(peer, PeerSubject)
    assert peer.values == (ATTACKER,)


def test_tokens_bound_to_the_hash() -> None:
    class Tokens:
        def decode(self, token: str, /) -> dict[str, object]:
            return {"sub": "a", "cnf": {"x5t#S256": token}}

    def api(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"ok"]

    app = AccessTokenMiddleware(api, Tokens(), source=sources.istio_sidecar(**HYPHENS), paths=["/"])

    def status(text: str, thumbprint: str, address: str = "127.0.0.1") -> int:
        headers = {"HTTP_AUTHORIZATION": f"Bearer {thumbprint}", **sent(text, address)}
        return request(app, b"", path="/", extra=headers).status

    assert status(TEXT, THUMBPRINT) == 200
    assert status(f"Hash={HASH}", THUMBPRINT) == 200
    assert status(TEXT, CLIENT.thumbprint) == 401
    assert status(WAYPOINT, THUMBPRINT) == 401
    assert status(TEXT, THUMBPRINT, "192.0.2.1") == 401
    # Envoy itself, without set_current_client_cert_details.
    captured = environ("envoy-xfcc-hash-only", "ca_signed_with_chain")[HEADER]
    assert status(captured, CLIENT.thumbprint) == 200
    assert status(captured, THUMBPRINT) == 401


def test_the_token_has_no_certificate_to_show() -> None:
    assert verify_confirmation({"cnf": {"x5t#S256": THUMBPRINT}}, SOURCE(sent(TEXT))) is None
    with refused("confirmation_mismatch"):
        verify_confirmation({"cnf": {"x5t#S256": CLIENT.thumbprint}}, SOURCE(sent(TEXT)))
    with refused("token_without_certificate"):
        verify_confirmation({"cnf": {"x5t#S256": THUMBPRINT}}, SOURCE(sent(WAYPOINT)))


def test_options() -> None:
    for options, message in (
        ({}, "trusted_proxies"),
        (HERE, "underscores_dropped"),
        ({**HYPHENS, "elements": 2}, "no option 'elements'"),
        ({**HYPHENS, "terminator_verifies": "yes"}, "terminator_verifies"),
    ):
        with pytest.raises(ValueError, match=message):
            sources.istio_sidecar(**options)
    config = {"preset": "istio_sidecar", "trusted_proxies": ["127.0.0.1"], "underscores_dropped": True}
    source = sources.from_config(config)
    with pytest.raises(ValueError, match="allowed_methods"):
        sources.check_methods(source, ["tls_client_auth", "self_signed_tls_client_auth"])
    with pytest.raises(ValueError, match="trust store"):
        sources.check_delivers_certificate(source)
    sources.check_delivers_thumbprint(source)


def test_the_recipe_of_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs" / "sources.md").read_text()
    (code,) = re.findall(r"<!-- a name from a mesh -->\n```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {"sources": sources, "Verifier": Verifier, "clients": CLIENTS}
    exec(code, names)
    assert names["verifier"].authenticate("billing", names["source"](sent(TEXT))).client_id == "billing"
