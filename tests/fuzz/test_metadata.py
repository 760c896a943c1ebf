"""Registered metadata of any shape: a client, or one exception."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wsgi_mtls import Client, InvalidClientMetadata
from wsgi_mtls.clients import SUBJECT_KINDS, MappingRegistry
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import self_sign

KEY = jwk(self_sign("CN=a").certificate)
JSON: Any = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)
KEYS = st.lists(
    st.one_of(JSON, st.just(KEY), st.fixed_dictionaries({"x5c": JSON}), JSON.map(lambda x5c: {**KEY, "x5c": x5c}))
)
OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "client_id": st.one_of(st.just("a"), JSON),
    "token_endpoint_auth_method": st.one_of(
        st.sampled_from(["tls_client_auth", "self_signed_tls_client_auth", "none"]), JSON
    ),
    "jwks": st.one_of(KEYS.map(lambda keys: {"keys": keys}), JSON),
    "jwks_uri": JSON,
    "tls_client_certificate_bound_access_tokens": JSON,
    "client_name": JSON,
}
for subject_kind in SUBJECT_KINDS:
    OPTIONAL[subject_kind] = st.one_of(st.sampled_from(["CN=a", "a.example", "192.0.2.1"]), JSON)
REQUIRED: dict[str, st.SearchStrategy[Any]] = {}
METADATA = st.fixed_dictionaries(REQUIRED, optional=OPTIONAL)


@given(METADATA)
def test_any_metadata(metadata: dict[str, Any]) -> None:
    try:
        client = Client.from_metadata(metadata)
    except InvalidClientMetadata:
        return
    if client.token_endpoint_auth_method == "tls_client_auth":
        assert sum(metadata.get(kind) is not None for kind in SUBJECT_KINDS) == 1
    assert MappingRegistry({client.client_id: metadata}).get(client.client_id) == client
