"""Row 62 at mod_wsgi, told to take the peer's address from a header: it makes nobody a trusted proxy."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from wsgi_mtls.cli.terminators import DEPLOY
from wsgi_mtls.testing import to_pem

from .cases import CASES
from .conftest import Behind, start
from .pki import BILLING, PKI

MOD_WSGI = next(case for case in CASES if str(case) == "mod_wsgi")
PROXIES = "WSGITrustedProxies 127.0.0.1\nWSGITrustedProxyHeaders X-Forwarded-For X-Client-IP X-Real-IP\n"
TRUSTED = "10.0.0.1"


@pytest.fixture(scope="module")
def behind(pki: PKI, readable_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    deploy = tmp_path_factory.mktemp("mod_wsgi")
    text = (DEPLOY / "mod_wsgi" / "httpd.conf").read_text()
    (deploy / "httpd.conf").write_text(text.replace("WSGIPassAuthorization on", f"WSGIPassAuthorization on\n{PROXIES}"))
    source = {"preset": "nginx", "trusted_proxies": [TRUSTED, "127.0.0.1"]}
    with start(
        replace(MOD_WSGI, terminator=replace(MOD_WSGI.terminator, folder=str(deploy), source=source)),
        pki,
        readable_folder,
    ) as started:
        yield started


def header(pki: PKI) -> tuple[str, str]:
    return "XClientCert", f"SUCCESS {quote(to_pem(pki.pairs[BILLING].certificate), safe='')}"


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Client-IP", "X-Real-IP"])
def test_row_62_address_from_a_header(behind: Behind, pki: PKI, name: str) -> None:
    for claim in (TRUSTED, f"{TRUSTED}, 127.0.0.1"):
        answer = behind.request(None, BILLING, headers=[(name, claim), header(pki)])
        assert answer.outcome == "refused:no_certificate"


def test_twin_address_of_the_connection(behind: Behind, pki: PKI) -> None:
    assert behind.request(None, BILLING, headers=[header(pki)]).outcome == BILLING
