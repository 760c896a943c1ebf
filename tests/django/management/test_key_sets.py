"""The command that fetches what clients publish."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from django_mtls.models import RegisteredClient
from tests.key_sets import publishing
from wsgi_mtls.testing import KeyPair

from ..support import register
from ..test_programs import BY_DNS


def test_what_came(mobile_pair: KeyPair, mtls: Callable[..., None]) -> None:
    told = StringIO()
    with publishing(mobile_pair) as published:
        mtls(KEY_SETS=published.options)
        register("mobile", published.metadata)
        register("disabled", {**published.metadata, "jwks_uri": published.server.url + "?d"}, enabled=False)
        register("pki", {**BY_DNS, "jwks_uri": published.server.url + "?p"})
        call_command("mtls_key_sets", stdout=told)
        assert told.getvalue().startswith(f"mobile: {published.server.url}: ")
        assert "1 certificate." in told.getvalue()
        assert published.fetches == 1
        register("other", {**published.metadata, "jwks_uri": "https://127.0.0.2/"})
        with pytest.raises(CommandError, match="1 of the key sets"):
            call_command("mtls_key_sets", stdout=told)
        assert "other: https://127.0.0.2/: 127.0.0.2 has no address, or one that is not public" in told.getvalue()


def test_nothing_is_fetched_without_the_setting(mobile_pair: KeyPair, mtls: Callable[..., None]) -> None:
    with publishing(mobile_pair) as published:
        register("mobile", published.metadata)
        with pytest.raises(CommandError, match="KEY_SETS"):
            call_command("mtls_key_sets")
        mtls(KEY_SETS=published.options)
        RegisteredClient.objects.update(jwks_uri="", jwks={"keys": 5})
        call_command("mtls_key_sets", stdout=StringIO())
        assert published.fetches == 0
