"""The certificates of the end-to-end tests: made once, written where programs read them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from wsgi_mtls.cli.terminators import CONVENTIONAL_HOST, MTLS_HOST, TLSFiles
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import SERVER_AUTH, KeyPair, Profile, make_ca, self_sign, to_pem

BILLING, OTHER, MOBILE = "billing", "other", "mobile"
DEEP, LARGE_CHAIN, HUGE_CHAIN = "deep", "large-chain", "huge-chain"
"""Clients below two intermediate CAs; the chain of the second is near the header limits, of the third beyond them."""


@dataclass(frozen=True)
class PKI:
    folder: Path
    files: TLSFiles
    root: KeyPair
    issuing: KeyPair
    subordinates: dict[str, KeyPair]
    pairs: dict[str, KeyPair]

    @property
    def clients(self) -> dict[str, dict[str, object]]:
        clients: dict[str, dict[str, object]] = {
            name: {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": f"CN={name}"}
            for name in (BILLING, OTHER, "large", "huge", DEEP, LARGE_CHAIN, HUGE_CHAIN)
        }
        clients[MOBILE] = {
            "token_endpoint_auth_method": "self_signed_tls_client_auth",
            "jwks": {"keys": [jwk(self.pairs[MOBILE].certificate)]},
        }
        return clients

    def thumbprint(self, name: str) -> str:
        return self.pairs[name].certificate.thumbprint

    def add(self, name: str, pair: KeyPair) -> None:
        self.pairs[name] = pair
        (self.folder / f"{name}.pem").write_bytes(pair.certificate_pem)
        (self.folder / f"{name}.key").write_bytes(pair.key_pem)

    def pair_files(self, name: str) -> tuple[Path, Path]:
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"


def make_pki(folder: Path) -> PKI:
    ca = make_ca()
    issuing = ca.issue("CN=Test Issuing CA", Profile(ca=True, extended_key_usage=()))
    certificate, key, client_ca = folder / "server.pem", folder / "server.key", folder / "ca.pem"
    subordinates = {
        name: issuing.issue("CN=Test Subordinate CA", Profile(ca=True, extended_key_usage=(), san_dns=_names(octets)))
        # 2,400 octets more make 7.6 kB of XFCC.
        for name, octets in ((DEEP, 0), (LARGE_CHAIN, 2400), (HUGE_CHAIN, 8000))
    }
    pki = PKI(folder, TLSFiles(certificate, key, client_ca, client_ca), ca, issuing, subordinates, {})
    client_ca.write_bytes(to_pem(ca.certificate))
    server = Profile(san_dns=[MTLS_HOST, CONVENTIONAL_HOST], extended_key_usage=SERVER_AUTH)
    pki.add("server", ca.issue("CN=server", server))
    yesterday = datetime.now(UTC) - timedelta(days=1)
    expired = Profile(not_before=yesterday - timedelta(days=1), not_after=yesterday)
    for name, pair in {
        BILLING: issuing.issue("CN=billing"),
        OTHER: issuing.issue("CN=other"),
        MOBILE: self_sign("CN=mobile"),
        "expired": issuing.issue("CN=billing", expired),
        "untrusted": make_ca("CN=Another CA").issue("CN=billing"),
        "unregistered": self_sign("CN=mobile"),
        # In gunicorn, no field may be longer than 8,190 octets; a certificate of 2 kB comes with its chain in one field
        # of XFCC, percent-encoded, as 6.8 kB.
        "large": issuing.issue("CN=large", Profile(san_dns=_names(2000))),
        "huge": issuing.issue("CN=huge", Profile(san_dns=_names(8000))),
        **{name: subordinate.issue(f"CN={name}") for name, subordinate in subordinates.items()},
    }.items():
        pki.add(name, pair)
    return pki


def _names(octets: int) -> list[str]:
    return [f"{n:03}.{'x' * 50}.example.com" for n in range(octets // 70)]
