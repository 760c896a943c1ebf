"""ATTACKS.md in REST framework, over real TLS that ends in Python."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.django.site import Site, running_site
from tests.flask.attack_rows import DN, as_headers, header_accepted
from tests.tokens import API, Introspection, json_response, json_server
from wsgi_mtls.testing import KeyPair, Profile, make_ca, self_sign

from .test_bound_token import VIEWS, bound, tokens

GOOD = {"Authorization": "Bearer good"}
INVALID_TOKEN = (401, 'Bearer realm="accounts", error="invalid_token"')
ACCEPTED = (200, "")
CERTIFICATES_ALONE = "/either"
"""There the certificate is looked at first."""


@pytest.fixture(scope="session")
def site(database: None, ca: KeyPair) -> Iterator[Site]:
    with running_site([ca.certificate]) as site:
        yield site


@pytest.fixture(autouse=True)
def _settings(mtls: Callable[..., None], settings: Callable[..., None]) -> None:
    from django.conf import settings as current

    settings(MIDDLEWARE=[name for name in current.MIDDLEWARE if "ClientCertificateLogin" not in name])
    mtls(TOKENS=tokens, REALM="accounts")


def ask(site: Site, pair: KeyPair | None, path: str = "/accounts", **headers: str) -> tuple[int, str]:
    given = {**GOOD, **{name.replace("_", "-"): value for name, value in headers.items()}}
    answer = site.request("GET", path, pair, headers=given)
    return answer.status, answer.headers.get("WWW-Authenticate", "")


@pytest.mark.parametrize("path", [path for path in VIEWS if path != CERTIFICATES_ALONE])
def test_rows_32_33_37_38_43_certificates(site: Site, ca: KeyPair, alice_pair: KeyPair, path: str) -> None:
    bound(alice_pair)
    renewed = ca.issue("CN=alice", Profile(key=alice_pair.key))
    for thief in (None, renewed, ca.issue("CN=alice"), self_sign("CN=alice")):
        assert ask(site, thief, path) == INVALID_TOKEN
    assert ask(site, alice_pair, path) == ACCEPTED
    now = datetime.now(UTC)
    expired = Profile(not_before=now - timedelta(days=2), not_after=now - timedelta(days=1))
    for pair in (make_ca("CN=Foreign").issue("CN=x"), self_sign("CN=x"), self_sign("CN=x", expired)):
        bound(pair)
        assert ask(site, pair, path) == ACCEPTED
    bound(None)
    assert ask(site, alice_pair, path) == (ACCEPTED if path == "/unbound" else INVALID_TOKEN)


CONFIRMATIONS: Mapping[str, Callable[[str], object]] = {
    "empty": lambda good: {},
    "null": lambda good: None,
    "list": lambda good: [good],
    "number": lambda good: {"x5t#S256": 7},
    "empty text": lambda good: {"x5t#S256": ""},
    "hex": lambda good: {"x5t#S256": good.encode().hex()},
    "padded": lambda good: {"x5t#S256": good + "="},
    "wrong case": lambda good: {"x5t#S256": good.swapcase()},
    "SHA-1": lambda good: {"x5t": good[:27]},
    "jkt": lambda good: {"x5t#S256": good, "jkt": "x"},
    "kid": lambda good: {"x5t#S256": good, "kid": "x"},
}


@pytest.mark.parametrize("case", CONFIRMATIONS)
def test_rows_34_35_confirmation(site: Site, alice_pair: KeyPair, case: str) -> None:
    good = alice_pair.certificate.thumbprint
    for path in ("/accounts", "/unbound"):
        bound(None, cnf=CONFIRMATIONS[case](good))
        assert ask(site, alice_pair, path) == INVALID_TOKEN
        bound(None, cnf={"x5t#S256": good, "nobody-knows": "x"})
        assert ask(site, alice_pair, path) == ACCEPTED


def test_row_36_introspection_of_another_certificate(
    site: Site, alice_pair: KeyPair, bob_pair: KeyPair, tmp_path: Path, mtls: Callable[..., None]
) -> None:
    """The same from the cache: asked once, and verified at each request."""
    with json_server(tmp_path, json_response) as server:
        endpoint = Introspection(server)
        thumbprint = alice_pair.certificate.thumbprint
        endpoint.known["opaque"] = {"active": True, "aud": API, "scope": "accounts", "cnf": {"x5t#S256": thumbprint}}
        mtls(TOKENS=endpoint.tokens())
        for thief in (bob_pair, None, self_sign("CN=alice"), bob_pair):
            assert ask(site, thief, Authorization="Bearer opaque") == INVALID_TOKEN
        assert ask(site, alice_pair, Authorization="Bearer opaque") == ACCEPTED
        assert ask(site, alice_pair, Authorization="Bearer unknown") == INVALID_TOKEN
        assert endpoint.asked == ["opaque", "unknown"]


def test_rows_24_45_47_headers(
    site: Site, alice: Any, ca: KeyPair, alice_pair: KeyPair, bob_pair: KeyPair, mtls: Callable[..., None]
) -> None:
    """Forged where TLS ends here; then behind a proxy whose own certificate counts for nothing."""
    bound(alice_pair)
    forged = as_headers(header_accepted(alice_pair))
    underscored = {name.replace("-", "_"): value for name, value in forged.items()}
    for headers in (forged, underscored, {"SSL_CLIENT_VERIFY": "SUCCESS"}):
        for pair in (None, bob_pair):
            assert site.request("GET", "/accounts", pair, headers={**GOOD, **headers}).status == 401
            assert site.request("GET", "/users", pair, headers=headers).status == 403
    mtls(SOURCE={"preset": "nginx", "trusted_proxies": ["127.0.0.2"]})
    proxy = ca.issue(DN)
    for source, headers, accepted in (
        ("127.0.0.1", forged, False),
        ("127.0.0.2", {}, False),
        ("127.0.0.2", {"XClientCert": "NONE"}, False),
        ("127.0.0.2", forged, True),
    ):
        answer = site.request("GET", "/accounts", proxy, headers={**GOOD, **headers}, source=source)
        assert answer.status == (200 if accepted else 401)
        answer = site.request("GET", "/users", alice_pair if accepted else proxy, headers=headers, source=source)
        assert answer.status == (200 if accepted else 403)


def test_users(site: Site, alice: Any, ca: KeyPair, alice_pair: KeyPair, bob_pair: KeyPair) -> None:
    strangers = (None, bob_pair, self_sign("CN=alice"), make_ca("CN=Some CA").issue("CN=alice"), ca.issue("CN=Alice"))
    for path in ("/users", "/machines"):
        for pair in strangers:
            assert site.request("GET", path, pair).status == 403
        assert site.request("GET", path, alice_pair).json == {"user": "alice"}


def test_row_48_post_from_another_site(site: Site, alice: Any, alice_pair: KeyPair) -> None:
    elsewhere: list[dict[str, str]] = [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
    for headers in elsewhere:
        assert site.post("/users", alice_pair, "", headers=headers).status == 403
        assert site.post("/machines", alice_pair, "", headers=headers).status == 403
    assert site.post("/users", alice_pair, "").status == 403
    assert site.post("/machines", alice_pair, "").status == 200
    secret = "a" * 32
    headers = {"Cookie": f"csrftoken={secret}", "X-CSRFToken": secret, "Referer": f"https://127.0.0.1:{site.port}/"}
    assert site.post("/users", alice_pair, "", headers=headers).status == 200
