"""Row 49 of ATTACKS.md in REST framework: names that only look alike."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.django.support import common_names
from tests.flask.attack_rows import NGINX, header_accepted
from wsgi_mtls.testing import KeyPair

from .test_bound_token import tokens


@pytest.fixture(autouse=True)
def _behind_nginx(settings: Callable[..., None], mtls: Callable[..., None]) -> None:
    """Let nothing but the view look at the certificate."""
    from django.conf import settings as current

    settings(MIDDLEWARE=[name for name in current.MIDDLEWARE if "ClientCertificateLogin" not in name])
    mtls(SOURCE=NGINX, TOKENS=tokens, REALM="accounts")


def get(path: str, environ: dict[str, Any]) -> Any:
    return Client().get(path, HTTP_AUTHORIZATION="Bearer good", **environ)


@pytest.mark.parametrize("name", ["Alice", "ALICE", "álice", "alice ", "alic\u0435"])
def test_row_49_user_of_a_similar_name(alice: Any, alice_pair: KeyPair, ca: KeyPair, name: str) -> None:
    similar = ca.issue(common_names(name))
    for path in ("/users", "/machines"):
        assert get(path, header_accepted(similar)).status_code == 403
        assert get(path, header_accepted(alice_pair)).status_code == 200
    # And the other way round.
    User.objects.update(username=name)
    assert get("/users", header_accepted(alice_pair)).status_code == 403
