"""``MTLS["TRUST"]``, and ``manage.py mtls_explain``."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import override_settings

from django_mtls.conf import mtls_settings
from tests.revocation import make_crl, write
from wsgi_mtls.testing import KeyPair, make_ca, to_pem
from wsgi_mtls.trust import TrustStore

from .site import Site
from .support import register

OTHER = make_ca("CN=Other")


def configured(**changes: Any) -> Any:
    return override_settings(MTLS={**settings.MTLS, **changes})


PKI = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=rp"}


def test_clients(ca: KeyPair, site: Site, tmp_path: Path) -> None:
    register("rp", PKI)
    file = write(tmp_path / "ca.pem", to_pem(ca.certificate))
    store = TrustStore.from_file(file)
    crl = {"path": file, "crls": write(tmp_path / "ca.crl", make_crl(ca)), "revocation": "required"}
    for trust in (str(file), file, crl, store, lambda client: store):
        with configured(TRUST=trust, USERNAME_FROM=None):
            assert site.post("/token", ca.issue("CN=rp"), "client_id=rp").status == 200
            assert site.post("/token", OTHER.issue("CN=rp"), "client_id=rp").status == 401
    others = TrustStore.from_certificates([OTHER.certificate])
    for either, status in ((False, 401), (True, 200)):
        with configured(TRUST=others, TRUST_EITHER=either):
            assert site.post("/token", ca.issue("CN=rp"), "client_id=rp").status == status


def test_a_ca_pinned_in_the_other_metadata(ca: KeyPair, site: Site) -> None:
    store = TrustStore.from_certificates([ca.certificate, OTHER.certificate])
    pins = {one.der: sorted(one.pins) for one in store.state().authorities}
    with configured(TRUST=store):
        for authority, status in ((ca, 200), (OTHER, 401)):
            client = register(authority.certificate.subject, PKI)
            client.metadata = {"tls_client_auth_issuer": pins[authority.certificate.der]}
            client.save()
            body = f"client_id={client.client_id}"
            assert site.post("/token", ca.issue("CN=rp"), body).status == status


def test_a_login(ca: KeyPair, alice: User, site: Site) -> None:
    with configured(TRUST=TrustStore.from_certificates([ca.certificate])):
        assert site.user(ca.issue("CN=alice")) == "alice"
    with configured(TRUST=TrustStore.from_certificates([OTHER.certificate])):
        assert site.user(ca.issue("CN=alice")) == ""


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"TRUST": 1}, r'MTLS\["TRUST"\] is 1'),
        ({"TRUST": "/nowhere/ca.pem"}, r'MTLS\["TRUST"\] cannot be used'),
        ({"TRUST": lambda client: None, "USERNAME_FROM": "subject_cn"}, "give a TrustStore"),
        ({"TRUST_EITHER": True}, "TRUST_EITHER"),
    ],
)
def test_settings_that_cannot_be(changes: dict[str, Any], message: str) -> None:
    with configured(**changes), pytest.raises(ImproperlyConfigured, match=message):
        mtls_settings()


def test_explain(ca: KeyPair, tmp_path: Path) -> None:
    register("rp", PKI)
    good = write(tmp_path / "good.pem", to_pem(ca.issue("CN=rp").certificate))
    bad = write(tmp_path / "bad.pem", to_pem(OTHER.issue("CN=rp").certificate))
    with configured(TRUST=TrustStore.from_certificates([ca.certificate])):
        out = StringIO()
        call_command("mtls_explain", str(good), "--client", "rp", stdout=out)
        assert out.getvalue().splitlines()[-1] == "Accepted"
        out = StringIO()
        with pytest.raises(SystemExit):
            call_command("mtls_explain", str(bad), "--client", "rp", "--json", stdout=out)
        assert json.loads(out.getvalue())["reason"] == "chain_incomplete"
    with pytest.raises(CommandError):
        call_command("mtls_explain", str(write(tmp_path / "x", b"x")))
