"""The commands: what operators do without the admin."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils.connection import ConnectionDoesNotExist

from django_mtls.clients.registry import DjangoClientRegistry
from django_mtls.clients.search import registration_digests
from django_mtls.clients.search_keys import SearchKey
from django_mtls.models import RegisteredClient
from django_mtls.test import CertificateClient
from wsgi_mtls.testing import KeyPair, Profile, to_pem

from ..site import Site
from ..support import by_certificate, register

BY_DNS = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "rp.example.com"}
registry = DjangoClientRegistry(RegisteredClient)


@pytest.fixture
def rp(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=x", Profile(san_dns=["rp.example.com"]))


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., str]:
    def write(content: KeyPair | bytes) -> str:
        path = tmp_path / f"{len([*tmp_path.iterdir()])}.pem"
        path.write_bytes(to_pem(content.certificate) if isinstance(content, KeyPair) else content)
        return str(path)

    return write


def test_register_by_name(file: Callable[..., str], rp: KeyPair, alice: User, site: Site) -> None:
    out = StringIO()
    call_command("mtls_register_client", "rp", file(rp), "--user", "alice", "--bound", stdout=out)
    client = RegisteredClient.objects.get()
    assert "rp.example.com" in out.getvalue()
    assert (client.subject_kind, client.subject_value) == ("tls_client_auth_san_dns", "rp.example.com")
    assert (client.user, client.tls_client_certificate_bound_access_tokens) == (alice, True)
    assert site.post("/token", rp, "client_id=rp").status == 200
    call_command("mtls_register_client", "dn", file(rp), "--kind", "tls_client_auth_subject_dn", stdout=out)
    assert RegisteredClient.objects.get(client_id="dn").subject_value == "CN=x"


def test_warning_of_a_client_that_can_never_authenticate(
    file: Callable[..., str], rp: KeyPair, mtls: Callable[..., None]
) -> None:
    error = StringIO()
    call_command("mtls_register_client", "rp", file(rp), verbosity=0, stderr=error)
    assert error.getvalue() == ""
    mtls(ALLOWED_METHODS=["self_signed_tls_client_auth"])
    call_command("mtls_register_client", "dn", file(rp), verbosity=0, stderr=error)
    assert "Client 'dn': registered for tls_client_auth, which this server does not allow" in error.getvalue()


def test_register_itself(file: Callable[..., str], rp: KeyPair, mobile_pair: KeyPair, site: Site) -> None:
    call_command("mtls_register_client", "mobile", file(mobile_pair), stdout=StringIO())
    call_command("mtls_register_client", "rp", file(rp.certificate.der), "--itself", stdout=StringIO())
    assert site.post("/token", mobile_pair, "client_id=mobile").status == 200
    assert site.post("/token", rp, "client_id=rp").status == 200
    assert site.post("/token", rp, "client_id=mobile").status == 401


def test_register_refuses(
    file: Callable[..., str], rp: KeyPair, mobile_pair: KeyPair, ca: KeyPair, alice: User
) -> None:
    register("taken", BY_DNS)
    for arguments, message in (
        (("rp", "/nowhere"), "No such file"),
        (("rp", file(b"x")), "found something else"),
        (("rp", file(to_pem(rp.certificate) + to_pem(ca.certificate))), "found 2"),
        (("taken", file(rp)), "already exists"),
        (("rp", file(rp), "--kind", "tls_client_auth_san_uri"), "no such name"),
        (("rp", file(mobile_pair), "--kind", "tls_client_auth_san_uri"), "--kind"),
        (("rp", file(rp), "--user", "Alice"), "found 'Alice'"),
        (("rp", file(ca.issue(""))), "no such name"),
    ):
        with pytest.raises(CommandError, match=message):
            call_command("mtls_register_client", *arguments, stdout=StringIO())
    assert RegisteredClient.objects.count() == 1


def test_expiring(ca: KeyPair) -> None:
    for client_id, days in (("soon", 5), ("later", 50), ("first", 2), ("off", 1)):
        client = register(client_id, BY_DNS, enabled=client_id != "off")
        client.certificate = ca.issue("CN=x", Profile(days=days, san_dns=["rp.example.com"])).certificate
        client.save()
    register("unknown", BY_DNS)
    for arguments, expected in (((), ["first", "soon"]), (("--days", "60"), ["first", "soon", "later"])):
        out = StringIO()
        call_command("mtls_expiring", *arguments, stdout=out)
        lines = [line.split("\t") for line in out.getvalue().splitlines()]
        assert [line[0] for line in lines] == expected
        assert lines[0][2] == "1"


def test_expiring_beyond_the_calendar() -> None:
    for days in ("99999999999", "-99999999999", str(10**30)):
        with pytest.raises(CommandError, match="--days"):
            call_command("mtls_expiring", "--days", days)


def test_search_keys_command(alice: User, alice_pair: KeyPair, mobile_pair: KeyPair) -> None:
    """What went past ``save()`` is found again: a disabled registration too, which keeps a name out."""
    kept = register("kept", by_certificate(mobile_pair))
    register("gone", BY_DNS).delete()
    metadata = by_certificate(alice_pair)
    columns = {"token_endpoint_auth_method": metadata["token_endpoint_auth_method"], "jwks": metadata["jwks"]}
    RegisteredClient.objects.bulk_create([RegisteredClient(client_id="lost", user=alice, enabled=False, **columns)])
    assert CertificateClient(alice_pair).get("/").json()["user"] == "alice"
    out = StringIO()
    call_command("mtls_search_keys", stdout=out)
    assert out.getvalue() == "2 registrations are found by their certificates; 1 keys dropped.\n"
    assert CertificateClient(alice_pair).get("/").json()["user"] == ""
    assert SearchKey.objects.count() == 2
    assert [client.client_id for client in registry.find(mobile_pair.certificate)] == [kept.client_id]


class ToAReplica:
    """A router whose replica is out of reach: who reads there fails."""

    def db_for_read(self, model: object, **hints: object) -> str:
        return "replica"

    def db_for_write(self, model: object, **hints: object) -> str:
        return "default"

    def allow_relation(self, first: object, second: object, **hints: object) -> bool:
        return True


def test_search_keys_are_written_where_one_writes(alice: User, settings: Callable[..., None]) -> None:
    """A record may come from a replica, which takes nothing."""
    client = register("alice's", BY_DNS, user=alice)
    RegisteredClient.objects.update(subject_value="other.example.com")
    settings(DATABASE_ROUTERS=["tests.django.management.test_commands.ToAReplica"])
    with pytest.raises(ConnectionDoesNotExist):
        RegisteredClient.objects.get()
    call_command("mtls_search_keys", stdout=StringIO())
    stored = RegisteredClient.objects.using("default").get()
    assert found_by(stored) == registration_digests(stored) != registration_digests(client)
    client._state.db = "replica"
    client.update_search_keys()
    assert found_by(stored) == registration_digests(client)


def found_by(record: RegisteredClient) -> set[str]:
    return set(record.search_keys.using("default").values_list("digest", flat=True))
