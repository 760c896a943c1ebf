"""Clients that publish their certificates at a ``jwks_uri``: registered in Django's database."""

from collections.abc import Callable
from typing import Any

import pytest

from django_mtls.models import RegisteredClient
from tests.key_sets import publishing
from wsgi_mtls.testing import KeyPair, self_sign

from ..support import register
from ..test_checks import deployment
from ..test_programs import BY_DNS, post


@pytest.mark.parametrize("path", ["/token", "/class-token"])
def test_rotation(mobile_pair: KeyPair, mtls: Callable[..., None], path: str) -> None:
    new, stranger = self_sign("CN=mobile"), self_sign("CN=mobile")
    with publishing(mobile_pair) as published:
        mtls(KEY_SETS=published.options)
        register("rp", published.metadata).full_clean()
        assert [post(mobile_pair, path).status_code for _ in range(3)] == [200] * 3
        published.replace(mobile_pair, new)
        assert [post(pair, path).status_code for pair in (new, mobile_pair)] == [200] * 2
        assert [post(stranger, path).status_code for _ in range(5)] == [401] * 5
        assert published.fetches == 2
        RegisteredClient.objects.update(enabled=False)
        assert post(new, path).status_code == 401


@pytest.mark.parametrize("options", [None, {}])
def test_without_the_setting(mobile_pair: KeyPair, mtls: Callable[..., None], options: Any) -> None:
    with publishing(mobile_pair) as published:
        mtls(KEY_SETS=options)
        register("rp", published.metadata)
        assert post(mobile_pair, "/token").status_code == 401
        assert published.fetches == 0


def test_check_of_a_client_that_is_not_fetched(mtls: Callable[..., None]) -> None:
    by_key = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks_uri": "https://client.example.com/"}
    register("rp", by_key)
    assert "django_mtls.E007" in deployment()
    mtls(KEY_SETS={})
    assert "django_mtls.E007" not in deployment()
    mtls(KEY_SETS=None)
    RegisteredClient.objects.all().delete()
    # Those need no set.
    register("rp", {**by_key, "token_endpoint_auth_method": "private_key_jwt"})
    register("other", {**by_key, **BY_DNS})
    assert "django_mtls.E007" not in deployment()
