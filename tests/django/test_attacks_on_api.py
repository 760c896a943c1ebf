"""ATTACKS.md at an API in Django, over real TLS: bound tokens; sync, async and class-based views."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from tests.dpop import BASE_URL, Prover
from tests.tokens import NOW
from wsgi_mtls.errors import InvalidToken
from wsgi_mtls.store import MemoryStore
from wsgi_mtls.testing import KeyPair
from wsgi_mtls.tokens import DPoP

from .site import Site

VIEWS = ["/accounts", "/async-accounts", "/class-accounts"]
GOOD = {"Authorization": "Bearer good"}


class Tokens:
    """Whatever claims a test wants."""

    claims: Mapping[str, Any] = {}

    def decode(self, token: str, /) -> Mapping[str, Any]:
        if token != "good":
            raise InvalidToken("No such token.")
        return self.claims


tokens = Tokens()


@pytest.fixture
def site(site: Site, mtls: Callable[..., None]) -> Site:
    mtls(TOKENS="tests.django.test_attacks_on_api.tokens", REALM="accounts")
    return site


def claims(pair: KeyPair | None, **changes: Any) -> dict[str, Any]:
    bound = {"cnf": {"x5t#S256": pair.certificate.thumbprint}} if pair else {}
    return {"client_id": "billing", "scope": "accounts", **bound, **changes}


def ask(site: Site, given: Mapping[str, Any], pair: KeyPair | None) -> set[tuple[int, str]]:
    tokens.claims = given
    answers = [site.request("GET", view, pair, headers=GOOD) for view in VIEWS]
    return {(answer.status, answer.headers.get("WWW-Authenticate", "")) for answer in answers}


ACCEPTED = {(200, "")}
INVALID_TOKEN = {(401, 'Bearer realm="accounts", error="invalid_token"')}


def test_row_63_bound_to_a_dpop_key(site: Site, mtls: Callable[..., None], alice_pair: KeyPair) -> None:
    client, thief = Prover(), Prover()
    mtls(DPOP=DPoP(BASE_URL, clock=lambda: NOW, store=MemoryStore(evicts=False)))
    algs = 'algs="ES256 PS256 Ed25519"'
    tokens.claims = claims(None, cnf={"jkt": client.jkt})
    for view in ("/accounts", "/async-accounts"):
        proof = client.proof("good", NOW, htu=f"{BASE_URL}{view}")
        for field, status, challenge in (
            ({"Authorization": "Bearer good"}, 401, f'Bearer realm="accounts", error="invalid_token", DPoP {algs}'),
            ({"DPoP": thief.proof("good", NOW, htu=f"{BASE_URL}{view}")}, 401,
             f'DPoP realm="accounts", error="invalid_token", {algs}'),
            ({"DPoP": client.proof("good", NOW, htu=f"{BASE_URL}/other")}, 401,
             f'DPoP realm="accounts", error="invalid_dpop_proof", {algs}'),
            ({}, 200, None),
            ({}, 401, f'DPoP realm="accounts", error="invalid_dpop_proof", {algs}'),  # once
        ):  # fmt: skip
            headers = {"Authorization": "DPoP good", "DPoP": proof, "Host": "localhost", **field}
            answer = site.request("GET", view, headers=headers)
            assert (answer.status, answer.headers.get("WWW-Authenticate")) == (status, challenge), field
    tokens.claims = claims(alice_pair, cnf={"jkt": client.jkt, "x5t#S256": alice_pair.certificate.thumbprint})
    for pair, status in ((None, 401), (alice_pair, 200)):
        headers = {"Authorization": "DPoP good", "DPoP": client.proof("good", NOW)}
        assert site.request("GET", "/accounts", pair, headers=headers).status == status


def test_a_proof_for_a_path_beyond_ascii(site: Site, mtls: Callable[..., None]) -> None:
    client, path = Prover(), quote("/café/حساب")
    mtls(DPOP=DPoP(BASE_URL, clock=lambda: NOW, store=MemoryStore(evicts=False)))
    tokens.claims = claims(None, cnf={"jkt": client.jkt})
    for named, status in (
        (path, 200),
        ("/caf%E9/%3F%3F%3F%3F", 401),
        (quote("/café/") + "%3F%3F%3F%3F", 401),
        (quote("/café/حساف"), 401),
    ):
        headers = {"Authorization": "DPoP good", "DPoP": client.proof("good", NOW, htu=f"{BASE_URL}{named}")}
        assert site.request("GET", path, headers={"Host": "localhost", **headers}).status == status, named


def test_the_caller_verified_that_one_too(site: Site, alice_pair: KeyPair, bob_pair: KeyPair) -> None:
    tokens.claims = claims(None, cnf={"x5t#S256": alice_pair.certificate.thumbprint, "jkt": "x"})
    by_dpop = {"Authorization": "DPoP good"}
    for path, pair, headers, status in (
        ("/class-accounts", alice_pair, GOOD, 401),
        ("/class-accounts", alice_pair, by_dpop, 401),
        ("/dpop-accounts", bob_pair, by_dpop, 401),
        ("/dpop-accounts", alice_pair, GOOD, 401),
        ("/dpop-accounts", alice_pair, by_dpop, 200),
    ):
        assert site.request("GET", path, pair, headers=headers).status == status


def test_a_stronger_login(site: Site, alice_pair: KeyPair) -> None:
    challenge = 'Bearer realm="accounts", error="insufficient_user_authentication", acr_values="gold"'
    tokens.claims = claims(alice_pair, acr="bronze")
    answer = site.request("GET", "/gold-accounts", alice_pair, headers=GOOD)
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, challenge)
    tokens.claims = claims(alice_pair, acr="gold")
    assert site.request("GET", "/gold-accounts", alice_pair, headers=GOOD).status == 200


def test_scope_and_tokens(site: Site, alice_pair: KeyPair) -> None:
    tokens.claims = claims(alice_pair, scope="other")
    answer = site.request("GET", "/accounts", alice_pair, headers=GOOD)
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (
        403, 'Bearer realm="accounts", error="insufficient_scope", scope="accounts"'
    )  # fmt: skip
    tokens.claims = claims(alice_pair)
    for headers, status in (
        ({}, 401),
        ({"Authorization": "Bearer other"}, 401),
        ({"Authorization": "Bearer good, Bearer good"}, 400),
        ({"Authorization": "Basic Z29vZDo="}, 401),
        (GOOD, 200),
    ):
        answer = site.request("GET", "/accounts", alice_pair, headers=headers)
        assert answer.status == status
        assert ("WWW-Authenticate" in answer.headers) == (status != 200)
    assert site.request("GET", "/accounts?access_token=good", alice_pair).status == 400


def test_malformed_certificate(mtls: Callable[..., None]) -> None:
    mtls(TOKENS=tokens)
    for keys in ({"SSL_CLIENT_CERT": "x"}, {"SSL_CLIENT_VERIFY": "SUCCESS"}):
        for view in VIEWS:
            environ: dict[str, Any] = {**keys, "HTTP_AUTHORIZATION": "Bearer good"}
            assert Client().get(view, **environ).status_code in (400, 401)


def test_no_tokens_configured() -> None:
    with pytest.raises(ImproperlyConfigured, match="TOKENS"):
        Client().get("/accounts")
