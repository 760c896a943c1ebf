"""Clients that are remembered by all that their rows say."""

from typing import Any

import pytest

from django_mtls.clients import parsed
from wsgi_mtls.errors import InvalidClientMetadata
from wsgi_mtls.testing import self_sign

from ..support import by_certificate, register

BY_DNS = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "rp.example.com"}


def test_a_row_is_parsed_once_until_it_changes() -> None:
    row = register("rp", BY_DNS)
    first = row.to_client()
    row.refresh_from_db()
    assert row.to_client() is first
    row.subject_value = "other.example.com"
    row.save()
    names = [client.subject_value and client.subject_value.value for client in (first, row.to_client())]
    assert names == ["rp.example.com", "other.example.com"]


def test_certificate_that_is_exchanged() -> None:
    old, new = self_sign("CN=rp"), self_sign("CN=rp")
    row = register("rp", by_certificate(old))
    assert row.to_client().certificates == (old.certificate,)
    row.jwks = by_certificate(new)["jwks"]
    assert row.to_client().certificates == (new.certificate,)


@pytest.mark.parametrize("member", ["x" * 20000, {1, 2}, float("nan")])
def test_what_is_not_remembered(member: Any) -> None:
    """What is too long, or is not JSON, as a model of a project's own may return."""
    metadata = {**BY_DNS, "client_id": "rp", "software_id": member}
    known = parsed._parsed.cache_info().currsize
    assert parsed.client_of(metadata).client_id == "rp"
    assert parsed._parsed.cache_info().currsize == known + (isinstance(member, float))


def test_a_refusal_is_raised_each_time() -> None:
    row = register("rp", {"token_endpoint_auth_method": "tls_client_auth"})
    for _ in range(2):
        with pytest.raises(InvalidClientMetadata):
            row.to_client()
