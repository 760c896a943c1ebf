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


def certificate_header(headers: Headers) -> str:
    (name,) = (name for name in headers if name.endswith(("CLIENT-CERT", "CLIENTCERT", "CLIENTDER")))
    return name


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
def test_another_status_before_or_after(behind: Behind, headers: Headers) -> None:
    verify = next(name for name in headers if "VERIFY" in name)
    for status in ("NONE", "FAILED:x", "1"):
        assert send(behind, {**headers, verify: status}, (verify, headers[verify])) == CONTRADICTORY
        assert send(behind, headers, (verify, status)) == CONTRADICTORY


@behind_each(SERVERS)
def test_values_that_are_no_certificate(behind: Behind, headers: Headers) -> None:
    name = certificate_header(headers)
    good = headers[name]
    middle = len(good) // 2
    for value in (
        good[:middle] + "!" + good[middle + 1 :],
        good + good,
        good[:-40],
        good.replace("%2B", " ").replace("+", " ") if "%2B" in good or "+" in good else "x",
        "x",
    ):
        assert send(behind, {**headers, name: value}) == MALFORMED, value


@behind_each(SERVERS)
def test_absent_beside_success(behind: Behind, headers: Headers) -> None:
    for absent in ("(null)", "", "::"):
        assert send(behind, {**headers, certificate_header(headers): absent}) == CONTRADICTORY


@behind_each(CHEROOT)
def test_cheroot_keeps_the_last_of_two(behind: Behind, headers: Headers) -> None:
    """So a second header can't be seen there: the terminator's own must be the only one."""
    name = certificate_header(headers)
    assert send(behind, headers, (name, "x")) == MALFORMED
    assert send(behind, {**headers, name: "x"}, (name, headers[name])) == BILLING
