"""Clients that publish their certificates at a ``jwks_uri``: OAuth Toolkit's."""

from collections.abc import Callable

import pytest

from tests.flask.attack_rows import Came
from tests.key_sets import publishing
from wsgi_mtls.testing import KeyPair, self_sign

from .support import PATHS, AuthServer, application, post, registered


@pytest.mark.parametrize("path", PATHS)
def test_rotation(server: AuthServer, mobile_pair: KeyPair, mtls: Callable[..., None], path: str) -> None:
    new, stranger = self_sign("CN=mobile"), self_sign("CN=mobile")
    with publishing(mobile_pair) as published:
        mtls(KEY_SETS=published.options)
        registered(application("published"), published.metadata).full_clean()
        assert post(server, path, "client_id=published", Came(mobile_pair)).status_code == 200
        published.replace(new)
        assert post(server, path, "client_id=published", Came(new)).status_code == 200
        for pair in (mobile_pair, stranger, None):
            assert post(server, path, "client_id=published", Came(pair)).status_code == 401
        assert published.fetches == 2
