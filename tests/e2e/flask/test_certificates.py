"""ATTACKS.md over real TLS, through nginx and gunicorn with two workers: the rows about certificates."""

import pytest

from tests.flask.attack_rows import DN, IMPOSSIBLE, ROW_IDS, Row
from tests.tls import REFUSED_BY_NGINX
from wsgi_mtls.testing import KeyPair, self_sign

from .remote import ENDPOINTS, Remote
from .served import Served

INVALID_CLIENT = (401, {"error": "invalid_client"})


def check(served: Served, path: str, extra: str, row: Row, client_id: str) -> None:
    body = f"{extra}client_id={client_id}"
    for came in row.refused:
        if came.verified and came.pair is not None and row.number == 7:
            continue  # only where that very certificate stands in the CA bundle, as below
        by_nginx = row.number == 18 or (row.number == 8 and came.pair is not None and came.pair.chain)
        assert served.send(came.pair, path, body) == (REFUSED_BY_NGINX if by_nginx else INVALID_CLIENT)
    for came in row.accepted:
        assert served.send(came.pair, path, body)[0] == 200


@pytest.mark.parametrize("row_id", ROW_IDS)
def test_extension(extension: Served, table: dict[str, Row], row_id: str) -> None:
    check(extension, "/token", "", table[row_id], f"rp-{row_id}")


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("row_id", ROW_IDS)
def test_example(example: Remote, table: dict[str, Row], row_id: str, path: str) -> None:
    check(example.served, path, ENDPOINTS[path], table[row_id], f"rp-{row_id}")


@pytest.fixture(params=["/token", *ENDPOINTS])
def endpoint(request: pytest.FixtureRequest) -> tuple[Served, str, str]:
    """Each endpoint of both: where it is, its path, and what else it wants in a body."""
    if request.param == "/token":
        return request.getfixturevalue("extension"), "/token", ""
    return request.getfixturevalue("example").served, request.param, ENDPOINTS[request.param]


def test_row_06_certificate_where_an_assertion_is_registered(
    endpoint: tuple[Served, str, str], billing: KeyPair
) -> None:
    served, path, extra = endpoint
    assert served.send(billing, path, f"{extra}client_id=signing") == INVALID_CLIENT
    assert served.send(billing, path, f"{extra}client_id=rp")[0] == 200


def test_rows_07_41_self_signed_certificate_in_the_bundle(
    endpoint: tuple[Served, str, str], extension: Served, billing: KeyPair, bundled: KeyPair
) -> None:
    """nginx reports success for it, and rejects what it issues: it has CA:FALSE, as all that we export."""

    def verify(pair: KeyPair) -> str:
        return str(extension.send(pair, "/headers")[1]["Xclientcert"]).partition(" ")[0]

    served, path, extra = endpoint
    assert (verify(bundled), verify(billing)) == ("SUCCESS", "SUCCESS")
    assert served.send(bundled, path, f"{extra}client_id=rp") == INVALID_CLIENT
    assert served.send(bundled.issue(DN), path, f"{extra}client_id=rp") == REFUSED_BY_NGINX
    assert served.send(billing, path, f"{extra}client_id=rp")[0] == 200


def test_rows_22_23_jwks_uri(endpoint: tuple[Served, str, str], mobile: KeyPair, billing: KeyPair) -> None:
    served, path, extra = endpoint
    for pair in (mobile, self_sign("CN=unknown"), billing):
        assert served.send(pair, path, f"{extra}client_id=unfetched") == INVALID_CLIENT
    assert served.send(billing, path, f"{extra}client_id=rp")[0] == 200


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("number", range(len(IMPOSSIBLE)))
def test_rows_10_11_21_impossible_registrations(
    example: Remote, billing: KeyPair, ca: KeyPair, path: str, number: int
) -> None:
    """Which only a database holds: the extension's own clients are read when the app starts, and refused there."""
    body = f"{ENDPOINTS[path]}client_id=impossible-{number}"
    for pair in (billing, ca.issue(""), self_sign("")):
        assert example.served.send(pair, path, body) == INVALID_CLIENT
    assert example.served.send(billing, path, f"{ENDPOINTS[path]}client_id=rp")[0] == 200


def test_self_signed_client_through_the_example(example: Remote, mobile: KeyPair) -> None:
    status, answer = example.token("mobile", mobile)
    assert status == 200
    assert example.accounts(answer["access_token"], mobile) == 200
    assert example.accounts(answer["access_token"], self_sign("CN=mobile")) == 401
    assert example.token("mobile", self_sign("CN=mobile"))[0] == 401
