"""The growth of a request's cost with registrations and long certificates."""

from collections.abc import Iterator, Mapping
from itertools import cycle
from typing import Any

from cryptography import x509

from wsgi_mtls import PeerCertificate, Verifier, jwk, sources
from wsgi_mtls.testing import Profile, self_sign, to_pem

from .certificates import authority, distinct, leaf, nginx
from .effort import Effort
from .growing import grow
from .requests import CERT
from .tables import Table
from .timing import Run

_LONG = "A header over 8 KiB is not remembered: it is read in each request."
SELF_SIGNED = {"token_endpoint_auth_method": "self_signed_tls_client_auth"}


def run(effort: Effort) -> Iterator[Table]:
    """Measure each growth, and draw it."""
    clients = [size for size in (10, 1000, 100_000) if size <= effort.clients]
    yield grow("Registered clients", ("clients", "clients"), clients, _clients, effort, at_most=1.2)
    yield grow("Keys of a self-signed client", ("keys", "keys"), [1, 10, 100, 1000], _keys, effort, at_most=1.2)
    yield grow("Trusted networks", ("networks", "networks"), [1, 10, 100, 1000], _networks, effort, at_most=1.2)
    yield grow("Names of a certificate", ("sans", "SANs"), [1, 10, 100, 350, 1000], _names, effort, note=_LONG)
    yield grow("Certificates behind the leaf", ("chain", "certificates"), [0, 1, 2, 4, 8], _chain, effort)
    lengths = [1000, 5000, 8000, 9000, 15000]
    yield grow("Length of a certificate", ("header", "octets"), lengths, _length, effort, note=_LONG)
    in_flight = [1, 100, 300, 600, 1000, 4000]
    note = "Headers of up to 1 MiB are remembered, here about 700 of them; those that come again later are read anew."
    yield grow("Certificates in turn", ("in-flight", "certificates"), in_flight, _in_flight, effort, note=note)


def _peer() -> PeerCertificate:
    return PeerCertificate(leaf("rsa").certificate, (), True, "benchmark")


def _clients(size: int) -> Mapping[str, Run]:
    metadata: dict[str, Any] = {
        f"c{i}": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": f"c{i}.example.com"}
        for i in range(size - 1)
    }
    metadata["alice"] = {**metadata["c0"], "tls_client_auth_san_dns": "client.example.com"}
    verifier, peer = Verifier(metadata), _peer()
    return {"authenticate": lambda: verifier.authenticate("alice", peer), "identify": lambda: verifier.identify(peer)}


def _keys(size: int) -> Mapping[str, Run]:
    own = self_sign("CN=own")
    others = [jwk(self_sign(f"CN=s{i}").certificate) for i in range(size - 1)] if size > 1 else []
    client = {**SELF_SIGNED, "jwks": {"keys": [*others, jwk(own.certificate)]}}
    verifier = Verifier({"alice": client})
    peer = PeerCertificate(own.certificate, (), False, "benchmark")
    return {"authenticate": lambda: verifier.authenticate("alice", peer)}


def _networks(size: int) -> Mapping[str, Run]:
    networks = [*(f"10.{i // 256}.{i % 256}.0/24" for i in range(size - 1)), "127.0.0.1"]
    source, header = sources.nginx(trusted_proxies=networks), nginx(leaf("rsa").certificate.der).encode()
    return {"source": lambda: source({"REMOTE_ADDR": "127.0.0.1", CERT: header.decode("latin-1")})}


def _names(size: int) -> Mapping[str, Run]:
    names = [*(f"h{i}.example.com" for i in range(size - 1)), "client.example.com"]
    return _source(authority("ec").issue("CN=x", Profile(san_dns=names)).certificate.der)


def _length(size: int) -> Mapping[str, Run]:
    filler = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), bytes(size - 500))
    profile = Profile(san_dns=["client.example.com"], extensions=[(filler, False)])
    return _source(authority("ec").issue("CN=x", profile).certificate.der)


def _source(der: bytes) -> Mapping[str, Run]:
    source, header = sources.nginx(trusted_proxies=["127.0.0.1"]), nginx(der).encode()
    verifier = Verifier(
        {"alice": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "client.example.com"}}
    )
    environ = {"REMOTE_ADDR": "127.0.0.1"}

    def decide() -> object:
        return verifier.authenticate("alice", source({**environ, CERT: header.decode("latin-1")}))

    return {"source and authenticate": decide}


def _chain(size: int) -> Mapping[str, Run]:
    """Apache's way: the server delivers the chain one by one."""
    source = sources.mod_ssl()
    environ = {
        "SSL_CLIENT_CERT": to_pem(leaf("rsa").certificate).decode(),
        "SSL_CLIENT_VERIFY": "SUCCESS",
        **{f"SSL_CLIENT_CERT_CHAIN_{i}": to_pem(authority("rsa").certificate).decode() for i in range(size)},
    }
    return {"source": lambda: source(dict(environ))}


def _in_flight(size: int) -> Mapping[str, Run]:
    source = sources.nginx(trusted_proxies=["127.0.0.1"])
    headers = cycle([nginx(der).encode() for der in distinct("ec", size)])
    for _ in range(size):
        source({"REMOTE_ADDR": "127.0.0.1", CERT: next(headers).decode("latin-1")})
    return {"source": lambda: source({"REMOTE_ADDR": "127.0.0.1", CERT: next(headers).decode("latin-1")})}
