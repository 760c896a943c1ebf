"""nginx: a ``location`` with a ``proxy_set_header`` of its own inherits none, and what a refused person gets."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from wsgi_mtls.cli.terminators import CONVENTIONAL_HOST, DEPLOY

from .cases import CASES
from .conftest import Behind, start
from .pki import BILLING, PKI

NGINX = next(case for case in CASES if str(case) == "nginx+gunicorn")
OURS = (DEPLOY / "nginx" / "nginx.conf").read_text()
LINES = """            proxy_set_header XClientCert NONE;
"""
HOST = """            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-Proto $scheme;
"""


def in_the_server(text: str) -> str:
    """Move the conventional host's line from the location into the server."""
    before, location, after = text.rpartition("        location / {\n")
    assert LINES in after
    return before + LINES + location + after.replace(LINES, "")


@pytest.fixture(scope="module")
def forged(pki: PKI, readable_folder: Path) -> list[tuple[str, str]]:
    with start(NGINX, pki, readable_folder) as behind:
        return behind.forged()


@pytest.fixture(scope="module", params=["with headers of its own", "with none"])
def moved(request: pytest.FixtureRequest, pki: PKI, readable_folder: Path, tmp_path_factory) -> Iterator[Behind]:
    text = in_the_server(OURS)
    if request.param == "with none":
        before, location, after = text.rpartition("        location / {\n")
        text = before + location + after.replace(HOST, "")
    deploy = tmp_path_factory.mktemp("nginx")
    (deploy / "nginx.conf").write_text(text)
    with start(
        replace(NGINX, terminator=replace(NGINX.terminator, folder=str(deploy))), pki, readable_folder
    ) as behind:
        yield behind


def test_a_location_with_headers_of_its_own_lets_forged_ones_through(
    moved: Behind, forged: list[tuple[str, str]], request: pytest.FixtureRequest
) -> None:
    answer = moved.request(None, BILLING, host=CONVENTIONAL_HOST, headers=forged)
    own = "with headers" in request.node.name
    assert answer.outcome == (BILLING if own else "refused:no_certificate")


def test_nginx_refuses_a_program_with_json_and_a_person_with_a_page(moved: Behind) -> None:
    for accept in ((), [("Accept", "application/json")], [("Accept", "text/html, application/json")]):
        program = moved.request("expired", BILLING, headers=accept)
        assert (program.status, program.body.get("error")) == (400, "invalid_client")
    person = moved.request("expired", BILLING, headers=[("Accept", "text/html,application/xml;q=0.9,*/*;q=0.8")])
    assert (person.outcome, person.status, person.body) == ("terminator", 400, {})
