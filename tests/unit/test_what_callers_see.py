"""A refused caller learns its OAuth code, and at verbosity ``debug`` what happened: never the operator's settings."""

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from tests.support import Answer, request, token_endpoint
from wsgi_mtls import AccessTokenMiddleware, Client, ClientAuthMiddleware, InvalidToken, Verifier, jwk, sources
from wsgi_mtls.binding import verify_grant
from wsgi_mtls.clients.jwks_uri import KeySets
from wsgi_mtls.errors import InvalidClientMetadata, MutualTLSError
from wsgi_mtls.events import Event
from wsgi_mtls.responses import Verbosity, error_response, token_error_response
from wsgi_mtls.testing import KeyPair, Profile, make_ca, self_sign
from wsgi_mtls.trust import TrustStore

PROXY, SECRET, SETTING = "203.0.113.77", "the-secret-of-the-proxy", "trusted_proxies"
CANARIES = (
    *("canary", PROXY, SECRET, SETTING, "terminator_verifies", "ssl_client_certificate", "proxy_set"),
    *("spki-sha256", "tls_client_auth_issuer", "docs/"),
)
"""Parts of every name, address and path that only the operator knows, and of what the log advises."""

PIN = "spki-sha256:" + "A" * 43
CLIENTS: dict[str, dict[str, object]] = {
    "dns": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "canary.example.com"},
    "dn": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=canary,O=of,C=SE"},
    "pinned": {
        "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_san_dns": "canary.example.com",
        "tls_client_auth_issuer": PIN,
    },
    "self": {
        "token_endpoint_auth_method": "self_signed_tls_client_auth",
        "jwks": {"keys": [jwk(self_sign("CN=canary").certificate)]},
    },
    "published": {
        "token_endpoint_auth_method": "self_signed_tls_client_auth",
        "jwks_uri": "https://127.0.0.1/canary.json",
    },
}


class Registry:
    """Finds what is registered, and two registrations that cannot be used."""

    def get(self, client_id: str, /) -> Any:
        if client_id == "broken":
            raise InvalidClientMetadata("Client 'broken': tls_client_auth_san_dns '*.canary.example': a wildcard.")
        if client_id == "mapping":
            return {"tls_client_auth_san_dns": "canary.example"}
        if client_id == "other":
            return Client.from_metadata({"client_id": "canary", **CLIENTS["dns"]})
        if client_id == "down":
            raise OSError(24, "Too many open files: 'canary.sqlite'")
        return Client.from_metadata({"client_id": client_id, **CLIENTS[client_id]}) if client_id in CLIENTS else None


@pytest.fixture(scope="module")
def trusted() -> KeyPair:
    return make_ca("CN=canary CA")


@pytest.fixture(params=["terminator", "trust store"])
def verifier(request: pytest.FixtureRequest, trusted: KeyPair) -> Verifier:
    trust = TrustStore.from_certificates([trusted.certificate]) if request.param == "trust store" else None
    return Verifier(Registry(), trust=trust, key_sets=KeySets())


def values(leaf: KeyPair, other: KeyPair) -> Iterator[tuple[str, dict[str, object]]]:
    """The name of a preset, and what a caller's request may have."""
    for pair in (leaf, other):
        pem = quote(pair.certificate_pem, safe="")
        for status in (
            "SUCCESS",
            "FAILED:unable to verify the first certificate",
            "FAILED:certificate revoked",
            "NONE",
            "X",
        ):
            yield "nginx", {"HTTP_XCLIENTCERT": f"{status} {pem}"}
        yield "caddy", {"HTTP_XCLIENTCERT": b64encode(pair.certificate.der).decode()}
        yield "ingress_nginx", {"HTTP_SSL_CLIENT_CERT": pem}
    for preset in ("nginx", "caddy", "ingress_nginx"):
        yield preset, {}
        yield preset, {"HTTP_XCLIENTCERT": "NONE", "HTTP_SSL_CLIENT_VERIFY": "FAILED:x"}


def check(answer: Answer, verbosity: str) -> None:
    text = answer.body.decode() + repr(dict(answer.headers))
    for canary in CANARIES:
        assert canary not in text, (canary, text)
    if verbosity == "minimal":
        assert not answer.body
    else:
        members = json.loads(answer.body)
        assert members.keys() == ({"error", "error_description"} if verbosity == "debug" else {"error"})
        # RFC 6749 section 5.2
        assert all(32 <= ord(c) < 127 and c not in '"\\' for c in "".join(members.values()))


@pytest.mark.parametrize("verbosity", ["debug", "normal", "minimal"])
@pytest.mark.parametrize("address", [PROXY, "198.51.100.9", "", None])
def test_a_client(ca: KeyPair, verifier: Verifier, verbosity: Verbosity, address: str | None) -> None:
    now = datetime.now(UTC)
    old = Profile(not_before=now - timedelta(days=9), not_after=now - timedelta(days=2))
    seen: set[str | None] = set()
    stranger = ca.issue("CN=stranger", Profile(san_dns=["stranger.example"]))
    for preset, headers in values(stranger, self_sign("CN=stranger", old)):
        events: list[Event] = []
        options = {"underscores_dropped": True} if preset == "ingress_nginx" else {}
        source = getattr(sources, preset)(trusted_proxies=[PROXY], secret=("XAuth", SECRET), **options)
        app = ClientAuthMiddleware(
            token_endpoint, verifier, source=source, paths=["/token"], verbosity=verbosity, observers=[events.append]
        )
        for client_id in (*CLIENTS, "broken", "mapping", "other", "down", "nobody"):
            extra = {**headers, "REMOTE_ADDR": address, "HTTP_XAUTH": SECRET}
            answer = request(app, {"client_id": client_id}, extra=extra)
            assert answer.status >= 400
            check(answer, verbosity)
        seen |= {event.reason for event in events}
    if address == PROXY:
        common = {"no_certificate", "contradictory_status", "jwks_unavailable", "unknown_client", "certificate_expired"}
        own = {"chain_not_verified", "subject_mismatch"} if verifier.rules.vouching is None else {"chain_incomplete"}
        assert common | own | {"invalid_client_metadata", "resources_unavailable"} <= seen
    else:
        assert {"untrusted_proxy", "no_certificate"} <= seen


def test_the_log_has_what_callers_do_not_see(ca: KeyPair) -> None:
    """The twin of the tests above: the same refusals have it in the detail."""
    events: list[Event] = []
    source = sources.nginx(trusted_proxies=[PROXY])
    app = ClientAuthMiddleware(
        token_endpoint,
        Verifier(Registry(), observers=[events.append]),
        source=source,
        paths=["/token"],
        verbosity="debug",
    )
    leaf = ca.issue("CN=stranger")
    header = f"SUCCESS {quote(leaf.certificate_pem, safe='')}"
    for client_id in ("dns", "mapping"):
        request(app, {"client_id": client_id}, extra={"REMOTE_ADDR": PROXY, "HTTP_XCLIENTCERT": header})
    request(app, {"client_id": "dns"}, extra={"REMOTE_ADDR": "198.51.100.9", "HTTP_XCLIENTCERT": header})
    details = [event.detail or "" for event in events]
    for part, detail in zip(
        ("canary.example.com", "Client.from_metadata", SETTING, "untrusted_proxy"), details, strict=True
    ):
        assert part in detail


def test_a_grant_of_another_client() -> None:
    client = Client.from_metadata({"client_id": "dns", **CLIENTS["dns"]})
    with pytest.raises(MutualTLSError) as caught:
        verify_grant({"client_id": "canary"}, client)
    assert "canary" in caught.value.detail
    body = error_response({}, caught.value, "debug").get_data(as_text=True)
    assert "grant_of_another_client" in body
    assert "canary" not in body


def test_an_api(ca: KeyPair) -> None:
    class Tokens:
        def decode(self, token: str, /) -> dict[str, Any]:
            if token == "down":
                raise InvalidToken("https://canary.internal is down", reason="tokens_unavailable")
            raise InvalidToken("https://canary.internal has no such key", advice="set canary", reason="invalid_token")

    app = AccessTokenMiddleware(token_endpoint, Tokens(), source=sources.nginx(trusted_proxies=[PROXY]), paths="*")
    for token in ("down", "x", None):
        for address in (PROXY, "198.51.100.9"):
            authorization = f"Bearer {token}" if token else None
            extra = {"REMOTE_ADDR": address, "HTTP_XCLIENTCERT": "X", "HTTP_AUTHORIZATION": authorization}
            answer = request(app, extra=extra)
            assert answer.status in (401, 503)
            assert not answer.body
            assert not any(canary in repr(answer.headers) for canary in CANARIES)
    assert not token_error_response(InvalidToken("canary", advice="canary")).get_data()


def test_advice_is_made_only_where_it_is_read() -> None:
    made: list[int] = []

    def advise() -> str:
        made.append(1)
        return "Change the setting."

    error = MutualTLSError("Refused.", advice=advise)
    assert (str(error), error.message, made) == ("Refused.", "Refused.", [])
    error_response({}, error, "debug")
    assert made == []
    assert (error.detail, made) == ("Refused. Change the setting.", [1])
