"""The terminators' own CRL directives, as the recipes have them: the commented lines, with the comment sign removed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.revocation import make_crl, write

from .cases import CASES
from .conftest import Behind, start
from .pki import BILLING, MOBILE, PKI
from .test_lenient_terminators import changed

PLAIN = "[verify optional ca-file @CLIENT_CA@]"
SWITCHED_ON: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "nginx": ("nginx.conf", [("#ssl_crl /etc/nginx/crls.pem;", "ssl_crl {crls};")]),
    "apache": (
        "httpd.conf",
        [
            ('#SSLCARevocationFile "/etc/apache2/crls.pem"', 'SSLCARevocationFile "{crls}"'),
            ("#SSLCARevocationCheck chain", "SSLCARevocationCheck chain"),
        ],
    ),
    "haproxy": (
        "crt-list.txt",
        [
            # The recipe's line has the whole of the brackets, in its comment.
            ("[verify optional ca-file @CLIENT_CA@ crl-file /etc/haproxy/crls.pem]", "[the line below]"),
            (PLAIN, "[verify optional ca-file @CLIENT_CA@ crl-file {crls}]"),
        ],
    ),
}
CASE_OF = {name: next(case for case in CASES if str(case) == f"{name}+gunicorn") for name in SWITCHED_ON}


@pytest.fixture(scope="module")
def crls(pki: PKI) -> Path:
    """Write one CRL of each CA of the path; the second lists a certificate with billing's name."""
    pki.add("revoked", revoked := pki.issuing.issue("CN=billing"))
    return write(pki.folder / "crls.pem", make_crl(pki.root), make_crl(pki.issuing, [revoked]))


@pytest.fixture(scope="module", params=SWITCHED_ON)
def behind(
    request: pytest.FixtureRequest,
    pki: PKI,
    readable_folder: Path,
    crls: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Behind]:
    file, changes = SWITCHED_ON[request.param]
    switched = [(ours, theirs.format(crls=crls)) for ours, theirs in changes]
    case = changed(CASE_OF[request.param], tmp_path_factory.mktemp("crls"), file, *switched)
    with start(case, pki, readable_folder) as started:
        yield started


def test_a_good_and_a_revoked_certificate(behind: Behind) -> None:
    assert behind.request(BILLING, BILLING).outcome == BILLING
    # nginx and Apache refuse it themselves; HAProxy reports it, as the recipe ignores all errors.
    refused = {"terminator"} if behind.case.name != "haproxy" else {"refused:chain_not_verified"}
    assert behind.request("revoked", BILLING).outcome in refused


def test_a_self_signed_client(behind: Behind) -> None:
    """Accepted at HAProxy alone, as the recipes' comments have it."""
    expected = MOBILE if behind.case.name == "haproxy" else "terminator"
    assert behind.request(MOBILE, MOBILE).outcome == expected
