"""The lines on TLS sessions in docs/operations.md, in the configuration of deploy/nginx without its other host."""

import re
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from wsgi_mtls.cli.terminators import DEPLOY, MTLS_HOST, LoopbackConnection

from .cases import CASES
from .client import send, tls_context
from .conftest import Behind, start
from .pki import BILLING, MOBILE, OTHER, PKI
from .test_every_terminator import session_of
from .test_lenient_terminators import changed

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
(LINES,) = re.findall(r"^    (ssl_session_cache .*;)\n    (ssl_session_timeout .*;)$", PAGE, re.MULTILINE)
CONFIGURATION = (DEPLOY / "nginx" / "nginx.conf").read_text()
OTHER_HOST = CONFIGURATION[CONFIGURATION.index("    # The conventional host: ") :].removesuffix("}\n")


@pytest.fixture(scope="module")
def behind(pki: PKI, readable_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    case = next(case for case in CASES if str(case) == "nginx+gunicorn")
    name = "        server_name mtls.example.com;\n"
    ours = changed(
        case,
        tmp_path_factory.mktemp("sessions"),
        "nginx.conf",
        (OTHER_HOST, ""),
        (name, name + "\n".join(LINES) + "\n"),
    )
    with start(ours, pki, readable_folder) as started:
        yield started


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
@pytest.mark.parametrize(
    ("certificate", "client_id", "outcome"),
    [
        (BILLING, BILLING, BILLING),
        (MOBILE, MOBILE, MOBILE),
        (MOBILE, BILLING, "refused:self_signed_certificate"),
        (OTHER, BILLING, "refused:subject_mismatch"),
        ("untrusted", BILLING, "refused:chain_not_verified"),
    ],
)
def test_a_resumed_session(
    behind: Behind, version: ssl.TLSVersion, certificate: str, client_id: str, outcome: str
) -> None:
    context = tls_context(behind.pki, certificate)
    context.maximum_version = version
    session = session_of(behind, MTLS_HOST, context)
    assert session is not None
    connection = LoopbackConnection(MTLS_HOST, behind.port, context, session=session)
    connection.connect()
    assert connection.sock.session_reused
    assert send(connection, client_id, "/token", [("Host", MTLS_HOST)]).outcome == outcome
