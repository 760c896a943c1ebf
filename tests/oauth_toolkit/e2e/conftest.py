"""The example, with a client for each row of ATTACKS.md."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.flask.attack_rows import BY_DN, IMPOSSIBLE, PKI, SELF_SIGNED, Row, rows
from tests.oauth_toolkit.support import BIND, DN
from wsgi_mtls.testing import KeyPair, self_sign, to_pem

from .process import environment, prepared

if TYPE_CHECKING:
    from .remote import Remote


@pytest.fixture(scope="session")
def database() -> None:
    """No database of our own: the example has one."""


@pytest.fixture(autouse=True)
def _rollback() -> None:
    """Nothing to roll back."""


@pytest.fixture(autouse=True)
def _project() -> None:
    """No settings to change."""


@pytest.fixture(scope="session")
def data() -> Iterator[Path]:
    with prepared() as path:
        yield path


@pytest.fixture(scope="session")
def table(ca: KeyPair) -> dict[str, Row]:
    return rows(ca)


@pytest.fixture(scope="session")
def billing(ca: KeyPair) -> KeyPair:
    return ca.issue(DN)


@pytest.fixture(scope="session")
def bundled() -> KeyPair:
    """A self-signed certificate in nginx's CA bundle, with the right DN of a PKI client."""
    return self_sign(DN)


@pytest.fixture(scope="session")
def remote(table: Mapping[str, Row], ca: KeyPair, bundled: KeyPair) -> "Iterator[Remote]":
    """The example behind nginx, with a client for each row of ATTACKS.md, in a folder of its own."""
    from tests.e2e.flask.served import Served
    from wsgi_mtls.cli.terminators import TLSFiles

    from .process import behind_nginx
    from .remote import Remote

    with prepared() as data:
        bundle = data / "client-ca.pem"
        bundle.write_bytes(b"".join(to_pem(pair.certificate) for pair in (ca, bundled)))
        register(data, clients(table))
        files = TLSFiles(data / "server.pem", data / "server.key", bundle, data / "ca.pem")
        with behind_nginx(data, files) as (port, app_port):
            yield Remote(Served(data, files, port, app_port), data)


def clients(table: Mapping[str, Row]) -> dict[str, Any]:
    """Return one client for each row about certificates, and those of the others."""
    by_dns = {**PKI, "tls_client_auth_san_dns": "other.example.com"}
    given: dict[str, Mapping[str, object]] = {
        "rp": {**BY_DN, **BIND},
        "signing": {"token_endpoint_auth_method": "private_key_jwt"},
        "unfetched": {**SELF_SIGNED, "jwks_uri": "https://127.0.0.1:1/jwks"},
        "unbound": {},
        **{f"rp-{row_id}": row.client for row_id, row in table.items()},
        **{f"impossible-{number}": client for number, client in enumerate(IMPOSSIBLE)},
    }
    machine = {"grant": "client-credentials", "type": "confidential", "codes": 0}
    code = {"grant": "authorization-code", "type": "confidential", "codes": 20}
    return {
        **{client_id: {**machine, "metadata": metadata} for client_id, metadata in given.items()},
        "billing-code": {**code, "metadata": {**BY_DN, **BIND}},
        "other-code": {**code, "metadata": {**by_dns, **BIND}},
        "secretive": {**code, "metadata": {"token_endpoint_auth_method": "client_secret_post", **BIND}},
        "public": {**code, "type": "public", "metadata": {"token_endpoint_auth_method": "none", **BIND}},
    }


def register(data: Path, given: Mapping[str, Any], **variables: str) -> None:
    root = Path(__file__).parents[3]
    environ = environment(data, **variables)
    environ["PYTHONPATH"] += f"{os.pathsep}{root}"
    command = [sys.executable, "-m", "tests.oauth_toolkit.e2e.register"]
    subprocess.run(command, input=json.dumps(given), text=True, env=environ, cwd=root, check=True)
