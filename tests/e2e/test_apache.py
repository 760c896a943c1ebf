"""Apache with TLS sessions that are resumed, as others configure it: mod_ssl says SUCCESS there of any certificate."""

import json
import shutil
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from wsgi_mtls.cli.terminators import DEPLOY, MTLS_HOST, LoopbackConnection, running

from .cases import CASES, UWSGI, Case
from .client import Answer, send, tls_context
from .conftest import Behind, process, skip_without, start
from .pki import BILLING, MOBILE, PKI
from .test_every_terminator import session_of

APACHE, MOD_WSGI = (next(case for case in CASES if str(case) == name) for name in ("apache+cheroot", "mod_wsgi"))
MOD_PROXY_UWSGI = next(case for case in CASES if str(case) == "apache+uwsgi")


def resuming(case: Case, folder: Path, *changes: tuple[str, str]) -> Case:
    """Let the case's own configuration resume sessions, by tickets."""
    text = (DEPLOY / case.terminator.folder / "httpd.conf").read_text()
    for ours, theirs in (("SSLSessionTickets off", "SSLSessionTickets on"), *changes):
        assert ours in text
        text = text.replace(ours, theirs)
    (folder / "httpd.conf").write_text(text)
    return replace(case, terminator=replace(case.terminator, folder=str(folder)))


@contextmanager
def behind_uwsgi_protocol(case: Case, pki: PKI, folder: Path) -> Iterator[Behind]:
    """Start Apache in front of uWSGI's own protocol, in which mod_ssl's keys are handed on."""
    skip_without(case.missing())
    (folder / "config.json").write_text(json.dumps({"source": {"preset": "mod_wsgi"}, "clients": pki.clients}))
    shutil.copy(Path(__file__).with_name("wsgi.py"), folder)
    uwsgi = [UWSGI.program or "", "--plugins", "python3", "--virtualenv", sys.prefix, "--wsgi-file", "wsgi.py"]
    uwsgi += ["--need-app", "--die-on-term", "--buffer-size", "32768", "--socket"]
    with (
        process(uwsgi, folder) as app_port,
        running(case.terminator, case.terminator.program or "", folder, pki.files, app_port) as port,
    ):
        yield Behind(case, pki, port, app_port, folder)


@pytest.fixture(scope="module", params=["mod_proxy", "mod_wsgi", "mod_proxy_uwsgi"])
def behind(
    request: pytest.FixtureRequest, pki: PKI, readable_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Behind]:
    deploy = tmp_path_factory.mktemp("apache")
    if request.param == "mod_proxy_uwsgi":
        folder = readable_folder / request.param
        folder.mkdir()
        changes = [("proxy_http_module     @", "proxy_uwsgi_module    @"), ("proxy_http.so", "proxy_uwsgi.so")]
        case = resuming(MOD_PROXY_UWSGI, deploy, *changes, ("http://127", "uwsgi://127"))
        with behind_uwsgi_protocol(case, pki, folder) as started:
            yield started
    else:
        case = resuming(APACHE if request.param == "mod_proxy" else MOD_WSGI, deploy)
        with start(case, pki, readable_folder) as started:
            yield started


def resumed(behind: Behind, certificate: str, client_id: str, version: ssl.TLSVersion) -> Answer:
    context = tls_context(behind.pki, certificate)
    context.minimum_version = context.maximum_version = version
    session = session_of(behind, MTLS_HOST, context)
    connection = LoopbackConnection(MTLS_HOST, behind.port, context, session=session)
    connection.connect()
    assert connection.sock.session_reused
    return send(connection, client_id, "/token", [("Host", MTLS_HOST)])


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["TLS 1.2", "TLS 1.3"])
def test_resumed_sessions_are_not_verified(behind: Behind, version: ssl.TLSVersion) -> None:
    for certificate in ("untrusted", BILLING):
        assert resumed(behind, certificate, BILLING, version).outcome == "refused:chain_not_verified"
    assert resumed(behind, MOBILE, MOBILE, version).outcome == MOBILE
    assert behind.request(BILLING, BILLING).outcome == BILLING
