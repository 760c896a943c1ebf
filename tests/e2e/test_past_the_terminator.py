"""Row 25 of ATTACKS.md straight to each WSGI server, from the terminator's address.

Who gets there has won already; yet a terminator that passes on what it should overwrite looks just so.
"""

import pytest

from .cases import CASES, Case
from .conftest import Behind
from .pki import BILLING

MALFORMED, CONTRADICTORY = "refused:malformed_certificate", "refused:contradictory_status"
SERVERS = [case for case in CASES if str(case) in ("nginx+cheroot", "nginx+gunicorn", "haproxy+uwsgi", "apache+uwsgi")]
JOINING = [case for case in SERVERS if case.upstream != "cheroot"]
CHEROOT = [case for case in SERVERS if case.upstream == "cheroot"]

Headers = dict[str, str]


def send(behind: Behind, headers: Headers, *more: tuple[str, str]) -> str:
    return behind.straight(BILLING, [*headers.items(), *more], source="127.0.0.1").outcome


@pytest.fixture(name="headers")
def genuine_headers(behind: Behind) -> Headers:
    headers = dict(behind.forged())
    assert send(behind, headers) == BILLING  # the twin of every refusal here
    return headers


NAME = "XCLIENTCERT"
"""The header of status and certificate, of each terminator here."""


def behind_each(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("behind", cases, indirect=True, ids=str)


@behind_each(JOINING)
def test_every_header_twice(behind: Behind, headers: Headers) -> None:
    assert send(behind, headers, *headers.items()) in (MALFORMED, CONTRADICTORY)


@behind_each(JOINING)
def test_each_header_twice(behind: Behind, headers: Headers) -> None:
    for name, value in headers.items():
        assert send(behind, headers, (name, value)) in (MALFORMED, CONTRADICTORY), name


@behind_each(JOINING)
def test_another_value_before_or_after(behind: Behind, headers: Headers) -> None:
    certificate = headers[NAME].rpartition(" ")[2]
    for value in ("NONE", "0 0", "NONE Initial", "FAILED:x", "1", f"FAILED:x {certificate}", f"1 18 {certificate}"):
        assert send(behind, {**headers, NAME: value}, (NAME, headers[NAME])) in (MALFORMED, CONTRADICTORY)
        assert send(behind, headers, (NAME, value)) in (MALFORMED, CONTRADICTORY)


@behind_each(SERVERS)
def test_values_that_are_no_certificate(behind: Behind, headers: Headers) -> None:
    status, _, good = headers[NAME].rpartition(" ")
    middle = len(good) // 2
    for value in (good[:middle] + "!" + good[middle + 1 :], good + good, good[:-40], "x"):
        assert send(behind, {**headers, NAME: f"{status} {value}"}) == MALFORMED, value
    for value in (good, f" {good}", "x", f"{status} x {good}", f"{status.lower()}x {good}"):
        assert send(behind, {**headers, NAME: value}) == CONTRADICTORY, value


@behind_each(SERVERS)
def test_a_certificate_absent_beside_success(behind: Behind, headers: Headers) -> None:
    status = headers[NAME].rpartition(" ")[0]
    for absent in ("(null)", "::"):
        assert send(behind, {**headers, NAME: f"{status} {absent}"}) == MALFORMED
    for absent in ("", " "):
        assert send(behind, {**headers, NAME: status + absent}) == CONTRADICTORY
    for absent in ("(null)", "", "::", " "):
        assert send(behind, {**headers, NAME: absent}) == "refused:no_certificate"


@behind_each(CHEROOT)
def test_cheroot_keeps_the_last_of_two(behind: Behind, headers: Headers) -> None:
    """So a second header can't be seen there: the terminator's own must be the only one."""
    assert send(behind, headers, (NAME, "x")) == CONTRADICTORY
    assert send(behind, {**headers, NAME: "x"}, (NAME, headers[NAME])) == BILLING
