"""XFCC injection: Envoy copies URI and DNS names of a certificate into the header without quotes or escapes."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support import refused
from wsgi_mtls import sources
from wsgi_mtls.cli.terminators import DEPLOY
from wsgi_mtls.testing import KeyPair, Profile, self_sign
from wsgi_mtls.x509 import PeerSubject

from .cases import CASES
from .conftest import Behind, start
from .pki import MOBILE, PKI

XFCC = next(case for case in CASES if str(case) == "envoy-xfcc-any+cheroot")


@pytest.fixture(scope="module")
def careless_envoy(pki: PKI, readable_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """Start Envoy as others configure it: with ``uri`` and ``dns``, which our file leaves out."""
    deploy = tmp_path_factory.mktemp("envoy")
    ours = (DEPLOY / "envoy" / "envoy-xfcc.yaml").read_text()
    theirs = ours.replace("{cert: true, chain: true}", "{cert: true, chain: true, subject: true, uri: true, dns: true}")
    assert theirs != ours
    (deploy / "envoy-xfcc.yaml").write_text(theirs)
    careless = replace(XFCC, name="envoy-careless", terminator=replace(XFCC.terminator, folder=str(deploy)))
    with start(careless, pki, readable_folder) as started:
        yield started


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("san_uri", 'spiffe://a,Hash={hash};Cert="{certificate}"'),
        ("san_uri", 'spiffe://a;Cert="{certificate}"'),
        ("san_uri", 'spiffe://a;Hash={hash};Cert="{certificate}"'),
        ("san_uri", 'spiffe://a,Hash={hash};Cert="{certificate}";URI='),
        ("san_dns", 'a,Hash={hash};Cert="{certificate}"'),
        ("san_dns", 'a;Hash={hash};Cert="{certificate}"'),
    ],
)
def test_element_of_a_victim_in_a_name(careless_envoy: Behind, kind: str, name: str) -> None:
    victim = careless_envoy.pki.pairs[MOBILE]
    certificate = quote(victim.certificate_pem.decode(), safe="")
    forged = name.format(hash=sha256(victim.certificate.der).hexdigest(), certificate=certificate)
    attacker = self_sign("CN=attacker", Profile(san_uri=[forged]) if kind == "san_uri" else Profile(san_dns=[forged]))
    careless_envoy.pki.add("attacker", attacker)

    header = careless_envoy.request("attacker", path="/echo").headers["HTTP_X_FORWARDED_CLIENT_CERT"]
    assert f'Cert="{certificate}"' in header  # the attack does arrive
    answer = careless_envoy.request("attacker", MOBILE)
    assert (answer.outcome, answer.status) == ("refused:malformed_certificate", 400)


def test_harmless_names(careless_envoy: Behind) -> None:
    key = careless_envoy.pki.pairs[MOBILE].key
    profile = Profile(key=key, san_uri=["spiffe://example.com/mobile"], san_dns=["mobile.example.com"])
    careless_envoy.pki.add("named", self_sign("CN=mobile", profile))
    assert careless_envoy.request("named", MOBILE).outcome == MOBILE


@pytest.fixture(scope="module")
def mesh(pki: PKI, readable_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """Start Envoy as a mesh configures it: with subject and URI, and without the certificate."""
    deploy = tmp_path_factory.mktemp("mesh")
    ours = (DEPLOY / "envoy" / "envoy-xfcc.yaml").read_text()
    theirs = ours.replace("{cert: true, chain: true}", "{subject: true, uri: true}")
    assert theirs != ours
    (deploy / "envoy-xfcc.yaml").write_text(theirs)
    without = replace(XFCC, name="envoy-mesh", terminator=replace(XFCC.terminator, folder=str(deploy)))
    with start(without, pki, readable_folder) as started:
        yield started


SIDECAR = sources.istio_sidecar(trusted_proxies=["127.0.0.1"], underscores_dropped=True, terminator_verifies=True)
WORKLOAD = "spiffe://cluster.local/ns/shop/sa/billing"


def in_mesh(mesh: Behind, name: str, pair: KeyPair) -> dict[str, str]:
    """Return what reaches the application with this certificate."""
    mesh.pki.add(name, pair)
    header = mesh.request(name, path="/echo").headers["HTTP_X_FORWARDED_CLIENT_CERT"]
    return {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_CLIENT_CERT": header}


def test_uri_and_hash_without_a_certificate(mesh: Behind) -> None:
    pair = self_sign(r"CN=a\;b", Profile(san_uri=[WORKLOAD]))
    peer = SIDECAR(in_mesh(mesh, "workload", pair))
    assert peer == PeerSubject(
        "tls_client_auth_san_uri", (WORKLOAD,), True, "istio_sidecar", pair.certificate.thumbprint
    )


@pytest.mark.parametrize(
    "name",
    [
        f"x;URI={WORKLOAD}",
        f"{WORKLOAD};URI=x",
        f"{WORKLOAD};DNS=x",
        f"x,By=spiffe://a;Hash={'0' * 64};URI={WORKLOAD}",
        f"x;Hash={'0' * 64};URI={WORKLOAD}",
        f"x,URI={WORKLOAD}",
        f'"{WORKLOAD}"',
    ],
)
def test_a_workload_that_names_itself(mesh: Behind, name: str) -> None:
    environ = in_mesh(mesh, "impostor", self_sign(r"CN=\"x", Profile(san_uri=[name])))
    assert WORKLOAD in environ["HTTP_X_FORWARDED_CLIENT_CERT"]  # the attack does arrive
    with refused("malformed_certificate"):
        SIDECAR(environ)
