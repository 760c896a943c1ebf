"""What one way in remembers of a request decides no later one: registration, status, proxy and token count anew."""

from collections.abc import Callable, Mapping

import pytest

from .certificates import BY_DN, OTHER, Certificates, Metadata
from .not_played import AUTHLIB_ENDPOINTS, DJANGO, DRF_RESOURCES, DRF_USERS, TOOLKIT_ENDPOINTS, TOOLKIT_RESOURCES
from .row import NGINX, STRANGER, ClientRow, Refusal, Sent, bound, environ_of
from .ways.way import WAYS, Way

CLIENTS = ("wsgi", "flask", *AUTHLIB_ENDPOINTS, *DJANGO, *TOOLKIT_ENDPOINTS)
TOKENS = ("wsgi", "flask", "authlib-api", *DJANGO, *DRF_RESOURCES, *TOOLKIT_RESOURCES)
USERS = ("flask", *DJANGO, *DRF_USERS)
SENT = Sent()


class Delivered:
    """What the terminator delivers.

    Args:
        made: the certificates.
    """

    def __init__(self, made: Certificates) -> None:
        row = ClientRow(number=0, name="", attacks=(), expected=Refusal(401, None, None))
        self.good = environ_of(row, SENT, made)
        self.failed = environ_of(row, Sent(verify="FAILED:certificate revoked"), made)
        self.forged = {**self.good, "REMOTE_ADDR": STRANGER}


@pytest.fixture(scope="module")
def delivered(made: Certificates) -> Delivered:
    return Delivered(made)


def test_every_way_is_looked_at() -> None:
    assert {*CLIENTS, *TOKENS, *USERS} == WAYS.keys()


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client(name: str, find_way: Callable[[str], Way], delivered: Delivered) -> None:
    way = find_way(name)
    registered: Mapping[str, Metadata] = {"rp": BY_DN, "other": OTHER}

    def status(clients: Mapping[str, Metadata], environ: Mapping[str, str]) -> int:
        return way.authenticate(NGINX, clients, SENT, environ).status

    assert [status(registered, delivered.good) for _ in range(2)] == [200, 200]
    assert status({"rp": OTHER, "other": OTHER}, delivered.good) == 401
    assert status({"other": OTHER}, delivered.good) == 401
    assert status(registered, delivered.good) == 200
    assert [status(registered, environ) for environ in (delivered.failed, delivered.forged)] == [401, 401]
    assert status(registered, delivered.good) == 200


@pytest.mark.parametrize("name", TOKENS)
def test_a_token(name: str, find_way: Callable[[str], Way], delivered: Delivered, made: Certificates) -> None:
    way = find_way(name)

    def status(bound_to: str, environ: Mapping[str, str]) -> int:
        cnf = bound(made[bound_to].certificate.thumbprint)
        claims = {"client_id": "rp", "scope": "accounts read", "cnf": cnf}
        return way.use_token(NGINX, claims, environ, required=True).status

    assert [status("billing", delivered.good) for _ in range(2)] == [200, 200]
    assert status("other", delivered.good) == 401
    assert status("billing", delivered.forged) == 401
    assert status("billing", delivered.good) == 200


@pytest.mark.parametrize("name", USERS)
def test_a_certificate(name: str, find_way: Callable[[str], Way], delivered: Delivered) -> None:
    way = find_way(name)
    came = (delivered.good, delivered.failed, delivered.good, delivered.forged, delivered.good)
    found = [way.present(NGINX, environ).status for environ in came]
    assert found[::2] == [200, 200, 200]
    assert all(status in (401, 403) for status in found[1::2]), found
