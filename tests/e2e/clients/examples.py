"""Both examples, each with TLS in Python and behind nginx, with the same clients and certificates."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from tests.flask.authlib.authserver import build_authserver, close_database
from wsgi_mtls import ClientCertificate
from wsgi_mtls.cli.terminators import CONVENTIONAL_HOST, MTLS_HOST, TLSFiles
from wsgi_mtls.jwks import jwk
from wsgi_mtls.server import make_server

from ..flask.conftest import serving_example
from .server import REDIRECT, Server

ISSUER, MTLS = f"https://{CONVENTIONAL_HOST}", f"https://{MTLS_HOST}"
TOKEN = "initial"
REGISTRATION = {
    "token_endpoint_auth_method": "tls_client_auth",
    "tls_client_auth_san_dns": "web.example.com",
    "tls_client_certificate_bound_access_tokens": True,
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "redirect_uris": [REDIRECT],
    "scope": "accounts",
}


def authlib_clients(folder: Path) -> dict[str, Mapping[str, Any]]:
    """Register for the Authlib example what the other one has by itself."""
    api = ClientCertificate.from_pem((folder / "api.pem").read_bytes())
    machine = {"grant_types": ["client_credentials"], "response_types": [], "redirect_uris": []}
    self_signed = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": [jwk(api)]}}
    return {
        "billing": {**REGISTRATION, "tls_client_auth_san_dns": "billing.example.com", **machine},
        "web": REGISTRATION,
        "api": {**self_signed, **machine},
    }


@contextmanager
def authlib(folder: Path, files: TLSFiles, profile: str = "plain") -> Iterator[Server]:
    """Run the Authlib example as ``wsgi-mtls serve`` does."""
    database = f"sqlite:///{folder}/{profile}.db"
    config = {"SQLALCHEMY_DATABASE_URI": database, "ISSUER": ISSUER, "REGISTRATION_TOKEN": TOKEN, "PROFILE": profile}
    app = build_authserver(authlib_clients(folder), config)
    server = make_server(
        app, certificate=files.certificate, private_key=files.private_key, client_ca=files.client_ca
    )  # fmt: skip
    server.prepare()
    thread = Thread(target=server.serve)
    thread.start()
    try:
        yield Server(f"authlib-{profile}", folder, ISSUER, ISSUER, server.bind_addr[1], TOKEN)
    finally:
        server.stop()
        thread.join()
        close_database(app)


@contextmanager
def authlib_behind_nginx(folder: Path, files: TLSFiles) -> Iterator[Server]:
    hosts = {"ISSUER": ISSUER, "MTLS_BASE": MTLS, "REGISTRATION_TOKEN": TOKEN}
    with serving_example(authlib_clients(folder), folder / "authlib-nginx", files, **hosts) as remote:
        yield Server("authlib-nginx", folder, ISSUER, MTLS, remote.served.port, TOKEN)


@contextmanager
def toolkit(folder: Path, files: TLSFiles) -> Iterator[Server]:
    """Run the OAuth Toolkit example by its one command."""
    from tests.oauth_toolkit.e2e.process import example

    with example(folder, 0, OAUTH_ISSUER=ISSUER, OAUTH_REGISTRATION="certificate") as port:
        yield Server("toolkit", folder, ISSUER, ISSUER, port)


@contextmanager
def toolkit_behind_nginx(folder: Path, files: TLSFiles) -> Iterator[Server]:
    from tests.oauth_toolkit.e2e.process import behind_nginx

    variables = {"OAUTH_ISSUER": ISSUER, "OAUTH_MTLS_BASE": MTLS, "OAUTH_REGISTRATION": "certificate"}
    with behind_nginx(folder, files, **variables) as (port, _):
        yield Server("toolkit-nginx", folder, ISSUER, MTLS, port)


@contextmanager
def authlib_fapi2(folder: Path, files: TLSFiles) -> Iterator[Server]:
    with authlib(folder, files, "fapi2") as server:
        yield server


EXAMPLES = {
    "authlib": authlib,
    "authlib-nginx": authlib_behind_nginx,
    "toolkit": toolkit,
    "toolkit-nginx": toolkit_behind_nginx,
    "authlib-fapi2": authlib_fapi2,
}
ALL = list(EXAMPLES)
PLAIN = ALL[:-1]
"""Those that do not insist on pushed requests; in the same order, by which pytest groups tests."""
