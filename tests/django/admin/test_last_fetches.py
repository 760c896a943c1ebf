"""The last fetch of a client's key set in the admin."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client

from tests.key_sets import publishing
from tests.tokens import json_response
from wsgi_mtls.testing import KeyPair

from ..registrations import browser
from ..support import register
from ..test_programs import post
from .test_admin import LIST

METHOD = {"token_endpoint_auth_method": "self_signed_tls_client_auth"}


@pytest.fixture
def client() -> Client:
    return browser(User.objects.create_superuser("root"))


def page(client: Client, record: Any) -> str:
    return client.get(f"{LIST}{record.pk}/change/").content.decode()


def test_what_came_and_what_failed(client: Client, mobile_pair: KeyPair, mtls: Callable[..., None]) -> None:
    with publishing(mobile_pair) as published:
        mtls(KEY_SETS={**published.options, "min_seconds": 1e-9, "max_seconds": 1e-9, "default_seconds": 1e-9})
        record = register("rp", published.metadata)
        shown = page(client, record)
        assert "No set is kept." in shown
        assert "this process" in shown  # the help text
        assert published.fetches == 0
        assert post(mobile_pair, "/token").status_code == 200
        shown = page(client, record)
        assert "1 certificate." in shown
        assert "failed" not in shown
        published.server.answer = lambda _: json_response({}, 500)
        assert post(mobile_pair, "/token").status_code == 200
        shown = page(client, record)
        assert "1 certificate. The last fetch failed: Expected status 200, got 500." in shown
        assert published.fetches == 2


def test_never_fetched(client: Client, mtls: Callable[..., None]) -> None:
    record = register("rp", {**METHOD, "jwks_uri": "https://client.example.com:8443/"})
    assert "MTLS[&quot;KEY_SETS&quot;] is not set" in page(client, record)
    mtls(KEY_SETS={})
    assert "any_port=True" in page(client, record)
    with pytest.raises(ValidationError, match="any_port=True") as raised:
        record.full_clean()
    assert raised.value.message_dict.keys() == {"jwks_uri"}
    mtls(KEY_SETS={"any_port": True})
    record.full_clean()
    assert "No set is kept." in page(client, record)
