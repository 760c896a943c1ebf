"""ATTACKS.md in REST framework: certificates that only headers tell, and names that only look alike."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.django.support import common_names
from tests.flask.attack_rows import HEADERS, NGINX, header_accepted, headers_refused
from wsgi_mtls.testing import KeyPair

from .test_bound_token import ACCEPTED, INVALID_TOKEN, bound, outcome, tokens

MALFORMED = ("25 joined", "25 two PEM blocks", "25 bad base64", "25 (null)", "25 plus as a space")
INVALID_REQUEST = (400, 'Bearer realm="accounts", error="invalid_request"')
CHAIN_ALONE = ("26 FAILED",)
"""What tells something of the chain alone, which matters for a user, and not for a token (row 33)."""


@pytest.fixture(autouse=True)
def _behind_nginx(settings: Callable[..., None], mtls: Callable[..., None]) -> None:
    """Let nothing but the view look at the certificate."""
    from django.conf import settings as current

    settings(MIDDLEWARE=[name for name in current.MIDDLEWARE if "ClientCertificateLogin" not in name])
    mtls(SOURCE=NGINX, TOKENS=tokens, REALM="accounts")


def get(path: str, environ: dict[str, Any]) -> Any:
    return Client().get(path, HTTP_AUTHORIZATION="Bearer good", **environ)


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("path", ["/accounts", "/anytoken", "/tokenfirst", "/unbound"])
def test_rows_24_25_26_42_45_46_47_tokens(alice_pair: KeyPair, bob_pair: KeyPair, path: str, name: str) -> None:
    bound(alice_pair)
    refused = INVALID_REQUEST if name in MALFORMED else INVALID_TOKEN
    answer = get(path, headers_refused(alice_pair, bob_pair)[name])
    assert outcome(answer) == (ACCEPTED if name in CHAIN_ALONE else refused)
    assert outcome(get(path, headers_refused(bob_pair, alice_pair)[name])) == refused
    assert outcome(get(path, header_accepted(alice_pair))) == ACCEPTED


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("path", ["/users", "/machines"])
def test_rows_24_25_26_42_45_46_47_users(
    alice: Any, alice_pair: KeyPair, bob_pair: KeyPair, path: str, name: str
) -> None:
    assert get(path, headers_refused(alice_pair, bob_pair)[name]).status_code == 403
    assert get(path, header_accepted(alice_pair)).json() == {"user": "alice"}


@pytest.mark.parametrize("name", ["Alice", "ALICE", "álice", "alice ", "alic\u0435"])
def test_row_49_user_of_a_similar_name(alice: Any, alice_pair: KeyPair, ca: KeyPair, name: str) -> None:
    similar = ca.issue(common_names(name))
    for path in ("/users", "/machines"):
        assert get(path, header_accepted(similar)).status_code == 403
        assert get(path, header_accepted(alice_pair)).status_code == 200
    # And the other way round.
    User.objects.update(username=name)
    assert get("/users", header_accepted(alice_pair)).status_code == 403
