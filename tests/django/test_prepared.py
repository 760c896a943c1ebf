"""Queries whose SQL is written once, and those that Django must write in each request."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User, UserManager
from django.db import connection, models
from django.db.models.functions import Cast
from django.test.utils import CaptureQueriesContext

from django_mtls.backends import ClientCertificateBackend
from django_mtls.clients.rows import ParsedRows
from django_mtls.clients.search import certificate_digests
from django_mtls.clients.search_keys import SearchKey
from django_mtls.models import AbstractRegisteredClient, RegisteredClient
from django_mtls.prepared import Place, is_plain, prepare
from django_mtls.test import CertificateClient
from django_mtls.verification import registry, verifier
from tests.simultaneous import at_once
from wsgi_mtls import MutualTLSError, PeerCertificate
from wsgi_mtls.testing import KeyPair, Profile

from .registrations import who
from .support import by_certificate, register

BY_DNS = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "rp.example.com"}
FORM = "application/x-www-form-urlencoded"
tenant = {"enabled": True}


class OfTenant(models.Manager[RegisteredClient]):
    """Whose rows differ from request to request."""

    def get_queryset(self) -> models.QuerySet[RegisteredClient]:
        return super().get_queryset().filter(client_id="rp" if tenant["enabled"] else "other")


class UsersOfTenant(UserManager[User]):
    def get_queryset(self) -> models.QuerySet[User]:
        return super().get_queryset().filter(last_name="x" if tenant["enabled"] else "y")


class Narrow(models.QuerySet[RegisteredClient]):
    """Another kind of query set."""


@pytest.fixture
def rp(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=alice", Profile(san_dns=["rp.example.com"]))


def give(monkeypatch: pytest.MonkeyPatch, model: Any, manager: Any) -> None:
    manager.model = model
    monkeypatch.setattr(model._meta, "default_manager", manager)


@pytest.fixture
def _own_managers(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, RegisteredClient, OfTenant())
    give(monkeypatch, User, UsersOfTenant())


def token(pair: KeyPair) -> int:
    return CertificateClient(pair).post("/token", "client_id=rp", content_type=FORM).status_code


@pytest.mark.usefixtures("_own_managers")
def test_managers_of_the_project(rp: KeyPair, monkeypatch: pytest.MonkeyPatch) -> None:
    User.objects.create_user("alice", last_name="x")
    register("rp", BY_DNS)
    assert (token(rp), who(rp)) == (200, "alice")
    monkeypatch.setitem(tenant, "enabled", False)
    assert (token(rp), who(rp)) == (401, "")
    monkeypatch.setitem(tenant, "enabled", True)
    assert (token(rp), who(rp)) == (200, "alice")


@pytest.mark.parametrize(("manager", "plain"), [
    (models.Manager(), True), (UserManager(), True), (OfTenant(), False), (Narrow.as_manager(), False),
])  # fmt: skip
def test_plain_managers(manager: Any, plain: bool) -> None:
    manager.model = User
    assert is_plain(manager) is plain


class Upper(models.CharField):  # type: ignore[type-arg]  # which Django's class does not take
    """As a field that encrypts what it stores."""

    def get_prep_value(self, value: Any) -> Any:
        return str(super().get_prep_value(value)).upper()


def test_fields_that_change_a_value() -> None:
    name = Place("a name")

    def make(field: str) -> Callable[[], models.QuerySet[User]]:
        return lambda: User.objects.annotate(upper=Cast("username", Upper())).filter(**{field: name})

    assert prepare(make("username"), "default", name) is not None
    for field in ("upper", "id"):
        assert prepare(make(field), "default", name) is None


def test_a_model_that_makes_its_own_clients(rp: KeyPair, monkeypatch: pytest.MonkeyPatch) -> None:
    register("rp", BY_DNS)

    def to_metadata(self: AbstractRegisteredClient) -> dict[str, object]:
        return {**plain(self), "tls_client_auth_san_dns": "other.example.com"}

    plain = AbstractRegisteredClient.to_metadata
    assert token(rp) == 200
    monkeypatch.setattr(RegisteredClient, "to_metadata", to_metadata)
    give(monkeypatch, RegisteredClient, models.Manager())
    assert token(rp) == 401


def test_one_query(rp: KeyPair, alice: User) -> None:
    register("rp", BY_DNS)
    assert (token(rp), who(rp)) == (200, "alice")
    for ask in (token, who):
        with CaptureQueriesContext(connection) as queries:
            ask(rp)
        assert len(queries) == 1


def test_registered_user_takes_three_queries(rp: KeyPair, alice: User, bob: User) -> None:
    register("bob's card", BY_DNS, user=bob).delete()
    register("alice's card", BY_DNS, user=alice)
    assert who(rp) == "alice"
    with CaptureQueriesContext(connection) as queries:
        who(rp)
    assert len(queries) == 3


def test_nothing_of_the_query_stays_with_the_user(rp: KeyPair, alice: User) -> None:
    peer = PeerCertificate(rp.certificate, verified=True)
    found = ClientCertificateBackend().authenticate(None, peer_certificate=peer)
    assert vars(found).keys() == vars(User.objects.get()).keys()
    assert found.last_login == alice.last_login
    assert found.date_joined == User.objects.get().date_joined


def values(client_id: str, name: str, padding: int = 0) -> tuple[Any, ...]:
    metadata = f'{{"software_id": "{"x" * padding}"}}'
    return (client_id, "tls_client_auth", "tls_client_auth_san_dns", name, "", False, None, metadata)


def test_rows_in_four_threads() -> None:
    """Each gets the client of its own row, though all have the same name."""
    parsed = ParsedRows(RegisteredClient)
    numbers = iter(range(4))

    def read() -> tuple[str, set[str | None]]:
        own = f"{next(numbers)}.example.com"
        found = [parsed.client(values("rp", own), "default") for _ in range(300)]
        return own, {client.tls_client_auth_san_dns for client in found}

    assert sorted(at_once(read)) == [(name, {name}) for name in (f"{number}.example.com" for number in range(4))]


def test_rows_are_remembered_in_bounded_memory() -> None:
    parsed = ParsedRows(RegisteredClient, most=10_000)

    def read(number: int, padding: int = 2000) -> Any:
        return parsed.client(values(f"c{number}", "rp.example.com", padding), "default")

    parsed_rows: list[str] = []

    def note(instance: RegisteredClient, **_: object) -> None:
        parsed_rows.append(instance.client_id)

    models.signals.post_init.connect(note, sender=RegisteredClient)
    try:
        for number in (0, 0, 1, 2, 3, 4, 5, 0, 5):
            read(number)
        assert parsed_rows == ["c0", "c1", "c2", "c3", "c4", "c5", "c0"]
        for _ in range(2):
            read(9, 20_000)
        assert parsed_rows[-2:] == ["c9", "c9"]
    finally:
        models.signals.post_init.disconnect(note, sender=RegisteredClient)


@pytest.mark.parametrize(("stored", "bound"), [(1, True), (0, False), (True, True), (False, False)])
def test_whole_numbers_for_booleans(stored: object, bound: bool) -> None:
    """MariaDB has no other booleans."""
    given = list(values("rp", "rp.example.com"))
    given[5] = stored
    client = ParsedRows(RegisteredClient).client(tuple(given), "default")
    assert client.tls_client_certificate_bound_access_tokens is bound


def test_one_query_without_a_client_id(rp: KeyPair, ca: KeyPair) -> None:
    peer, stranger = (PeerCertificate(pair.certificate, verified=True) for pair in (rp, ca.issue("CN=stranger")))
    register("rp", BY_DNS)
    assert verifier().identify(peer).client_id == "rp"  # which notes the client, once in a minute
    with CaptureQueriesContext(connection) as queries:
        assert verifier().identify(peer).client_id == "rp"
    assert len(queries) == 1
    with CaptureQueriesContext(connection) as queries, pytest.raises(MutualTLSError):
        verifier().identify(stranger)
    assert len(queries) == 1
    RegisteredClient.objects.update(enabled=False)
    with pytest.raises(MutualTLSError):
        verifier().identify(peer)
    RegisteredClient.objects.update(enabled=True, subject_value="other.example.com")
    with pytest.raises(MutualTLSError):
        verifier().identify(peer)
    RegisteredClient.objects.update(subject_value="rp.example.com")
    assert verifier().identify(peer).client_id == "rp"
    register("mobile", by_certificate(rp), enabled=False)
    with pytest.raises(MutualTLSError) as caught:
        verifier().identify(peer)
    assert caught.value.reason == "registered_as_self_signed"


def test_a_row_that_several_digests_find(rp: KeyPair) -> None:
    row = register("rp", BY_DNS)
    for digest in certificate_digests(rp.certificate):
        row.search_keys.add(SearchKey.objects.get_or_create(digest=digest, scope="")[0])
    assert [client.client_id for client in registry().find(rp.certificate)] == ["rp"]


def test_more_names_than_usual(ca: KeyPair) -> None:
    many = ca.issue("CN=x", Profile(san_dns=["rp.example.com", *(f"{number}.example.com" for number in range(20))]))
    register("rp", BY_DNS)
    assert [client.client_id for client in registry().find(many.certificate)] == ["rp"]
    assert registry().find_and_has_self_signed(many.certificate)[1] is False
    register("mobile", by_certificate(many), enabled=False)
    assert registry().find_and_has_self_signed(many.certificate)[1] is True
