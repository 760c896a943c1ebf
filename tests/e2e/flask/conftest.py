"""The Flask extension and the Authlib example, each behind nginx, with a client for each row of ATTACKS.md."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from tests.flask.attack_rows import BY_DN, DN, IMPOSSIBLE, PKI, SELF_SIGNED, Row, rows
from tests.flask.authlib.authserver import REDIRECT, AuthServer, make_authserver, metadata
from wsgi_mtls.cli.terminators import CONVENTIONAL_HOST, LOOPBACK, MTLS_HOST, TLSFiles
from wsgi_mtls.testing import SERVER_AUTH, KeyPair, Profile, make_ca, self_sign, to_pem

from .remote import Remote
from .served import SOURCE, Served, behind_nginx

SHARED = {
    "grant_types": ["client_credentials", "authorization_code", "refresh_token"],
    "response_types": ["code"],
    "redirect_uris": [REDIRECT],
    "scope": "accounts introspection",
    "tls_client_certificate_bound_access_tokens": True,
}
UNFETCHED = "https://127.0.0.1:1/jwks"  # rows 22, 23: it is not fetched, whoever asks how often


@pytest.fixture(scope="session")
def table(ca: KeyPair) -> dict[str, Row]:
    return rows(ca)


@pytest.fixture(scope="session")
def mobile() -> KeyPair:
    return self_sign("CN=mobile")


@pytest.fixture(scope="session")
def billing(ca: KeyPair) -> KeyPair:
    return ca.issue(DN)


@pytest.fixture(scope="session")
def bundled() -> KeyPair:
    """A self-signed certificate that stands in nginx's CA bundle, with the right DN of a PKI client."""
    return self_sign(DN)


@pytest.fixture(scope="session")
def files(readable_folder: Path, ca: KeyPair, bundled: KeyPair) -> TLSFiles:
    folder = readable_folder / "flask-pki"
    folder.mkdir()
    server_ca = make_ca("CN=Server CA")
    profile = Profile(san_dns=[MTLS_HOST, CONVENTIONAL_HOST], san_ip=[LOOPBACK], extended_key_usage=SERVER_AUTH)
    server = server_ca.issue("CN=server", profile)
    contents = {
        "server.pem": server.certificate_pem,
        "server.key": server.key_pem,
        "client-ca.pem": to_pem(ca.certificate) + to_pem(bundled.certificate),
        "server-ca.pem": to_pem(server_ca.certificate),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return TLSFiles(*(folder / name for name in contents))


@pytest.fixture(scope="session")
def clients(table: Mapping[str, Row]) -> dict[str, Mapping[str, object]]:
    """One client for each row about certificates, and those of the others."""
    return {
        "rp": BY_DN,
        "other": {**PKI, "tls_client_auth_san_dns": "other.example.com"},
        "signing": {"token_endpoint_auth_method": "private_key_jwt"},
        "unfetched": {**SELF_SIGNED, "jwks_uri": UNFETCHED},
        **{f"rp-{row_id}": row.client for row_id, row in table.items()},
    }


@pytest.fixture(scope="session")
def extension(clients: Mapping[str, object], readable_folder: Path, files: TLSFiles) -> Iterator[Served]:
    config = {**SOURCE, "MTLS_CLIENTS": clients}
    with behind_nginx("extension", config, readable_folder / "extension", files) as served:
        yield served


@pytest.fixture(scope="session")
def example(
    clients: Mapping[str, Mapping[str, object]], mobile: KeyPair, readable_folder: Path, files: TLSFiles
) -> Iterator[Remote]:
    impossible = {f"impossible-{number}": client for number, client in enumerate(IMPOSSIBLE)}
    registered = {name: {**SHARED, **client} for name, client in {**clients, **impossible}.items()}
    with serving_example({**metadata(mobile), **registered}, readable_folder / "authserver", files) as remote:
        yield remote


@pytest.fixture(scope="session")
def jwt_example(mobile: KeyPair, readable_folder: Path, files: TLSFiles) -> Iterator[Remote]:
    """The example with JWT access tokens, and with dynamic registration."""
    key = ECKey.generate_key("P-256", {"kid": "1"}).as_dict(private=True)
    folder = readable_folder / "jwt-authserver"
    with serving_example(metadata(mobile), folder, files, JWKS={"keys": [key]}, REGISTRATION_TOKEN="initial") as remote:
        yield remote


@contextmanager
def serving_example(
    clients: Mapping[str, Mapping[str, object]], folder: Path, files: TLSFiles, **more: object
) -> Iterator[Remote]:
    folder.mkdir()
    config = {
        **SOURCE,
        "SECRET_KEY": "test",
        "SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder}/test.db",
        "ISSUER": f"https://{MTLS_HOST}",
        **more,
    }
    in_process = AuthServer(make_authserver(clients, **config))
    with behind_nginx("authserver", config, folder, files) as served:
        yield Remote(served, in_process)
