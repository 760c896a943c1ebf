"""The backend by itself: what is not a certificate, names that are none, and users that another request makes."""

from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import connections, transaction

from django_mtls import backends
from django_mtls.backends import ClientCertificateBackend
from django_mtls.users.named import look_up
from wsgi_mtls.testing import KeyPair
from wsgi_mtls.x509 import PeerCertificate, PeerSubject

from ..browser import reasons

backend = ClientCertificateBackend()


def peer(pair: KeyPair) -> PeerCertificate:
    return PeerCertificate(pair.certificate, verified=True)


def test_a_mere_name_logs_nobody_in(alice: User, alice_pair: KeyPair, caplog: pytest.LogCaptureFixture) -> None:
    name = PeerSubject("tls_client_auth_subject_dn", ("CN=alice",), verified=True, source="nginx")
    assert backend.authenticate(None, peer_certificate=name) is None
    assert reasons(caplog) == ["certificate_not_delivered"]
    assert "users need the certificate" in caplog.text
    assert backend.authenticate(None, peer_certificate=peer(alice_pair)) == alice


def test_no_username_from(
    alice: User, alice_pair: KeyPair, mtls: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    mtls(USERNAME_FROM=None)
    assert backend.authenticate(None, peer_certificate=peer(alice_pair)) is None
    assert reasons(caplog) == ["no_username"]
    mtls(USERNAME_FROM="san_uri")
    assert backend.authenticate(None, peer_certificate=peer(alice_pair)) is None
    assert reasons(caplog) == ["no_username"] * 2
    mtls(USERNAME_FROM="subject_cn")
    assert backend.authenticate(None, peer_certificate=peer(alice_pair)) == alice


def test_asynchronous(alice: User, alice_pair: KeyPair, failures: list[Any]) -> None:
    authenticate = async_to_sync(backend.aauthenticate)
    assert authenticate(None, peer_certificate=None) is None
    assert authenticate(None, peer_certificate=peer(alice_pair)) == alice


def test_user_that_another_request_made_meanwhile(ca: KeyPair, mtls: Callable[..., None]) -> None:
    mtls(CREATE_UNKNOWN_USERS=True)
    with losing_the_race():
        found = backend.authenticate(None, peer_certificate=peer(ca.issue("CN=carol")))
    assert found == User.objects.get(username="carol")


def test_lost_race_with_users_in_a_second_database(
    ca: KeyPair, mtls: Callable[..., None], second_database: None
) -> None:
    """As with ``ATOMIC_REQUESTS``: the transaction of that database goes on."""
    mtls(CREATE_UNKNOWN_USERS=True)
    with transaction.atomic(using="users"):
        with losing_the_race():
            found = backend.authenticate(None, peer_certificate=peer(ca.issue("CN=carol")))
        assert found == User.objects.using("users").get(username="carol")
    assert not User.objects.using("default").filter(username="carol").exists()


def losing_the_race() -> Any:
    """Have another request make the user after this one has looked for it."""

    def look(*asked: Any) -> Any:
        found = look_up(*asked)
        User.objects.create(username=found.name)
        return found

    return patch.object(backends, "look_up", look)


class UsersElsewhere:
    """A router that keeps users in a database of their own."""

    def db_for_read(self, model: type, **hints: object) -> str | None:
        return "users" if model is User else None

    db_for_write = db_for_read


@pytest.fixture
def second_database(settings: Callable[..., None]) -> Iterator[None]:
    sqlite = {**connections["default"].settings_dict, "ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    connections.databases["users"] = {**sqlite, "OPTIONS": {}, "TEST": {}}
    with connections["users"].schema_editor() as editor:
        for model in (ContentType, Permission, Group, User):
            editor.create_model(model)
    settings(DATABASE_ROUTERS=["tests.django.users.test_backend.UsersElsewhere"])
    yield
    connections["users"].connection.close()  # Django's own close() keeps a database in memory
    del connections["users"], connections.databases["users"]


def test_another_name_that_the_database_returns(
    alice: User, ca: KeyPair, mtls: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    """As one does whose collation folds case."""
    folding = patch.object(User, "USERNAME_FIELD", "username__iexact")
    mtls(CREATE_UNKNOWN_USERS=True)
    with folding, patch.object(User, "get_username", lambda self: self.username):
        assert backend.authenticate(None, peer_certificate=peer(ca.issue("CN=ALICE"))) is None
        assert backend.authenticate(None, peer_certificate=peer(ca.issue("CN=alice"))) == alice
    assert reasons(caplog) == ["unknown_user"]
    assert "'alice'" in caplog.text


def test_another_name_that_is_made(ca: KeyPair, mtls: Callable[..., None], caplog: pytest.LogCaptureFixture) -> None:
    class Renaming(ClientCertificateBackend):
        def create_user(self, name: str, certificate: object) -> Any:
            return User.objects.create(username=name.upper())

    mtls(CREATE_UNKNOWN_USERS=True)
    assert Renaming().authenticate(None, peer_certificate=peer(ca.issue("CN=carol"))) is None
    assert reasons(caplog) == ["unknown_user"]
    assert backend.authenticate(None, peer_certificate=peer(ca.issue("CN=dave"))).username == "dave"
