"""The cost of the trust store compared with bare pyOpenSSL.

Run ``python -m benchmarks.trust [ROUNDS]``. Prints medians, in microseconds, of one validation of a leaf and one
intermediate from DER, side by side in one process. "bare" is pyOpenSSL that loads both and verifies them, with the same
CRLs; "bare+" also reads of the leaf what the trust store has to check. The store has seen the intermediate before, and
not the leaf. The bars are at most 1.3 times "bare", with CRLs at most 1.2 times "bare+", and under 10 look-ups in a
dictionary for a path that is in the cache.
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import crypto
from OpenSSL.crypto import X509, X509Store, X509StoreContext, X509StoreFlags

from wsgi_mtls import PeerCertificate
from wsgi_mtls.testing import KeyPair, Profile, make_ca
from wsgi_mtls.trust import TrustStore

ASN1 = crypto.FILETYPE_ASN1


def crl_of(ca: KeyPair) -> x509.CertificateRevocationList:
    """Make an empty CRL."""
    own, now = x509.load_der_x509_certificate(ca.certificate.der), datetime.now(UTC)
    builder = x509.CertificateRevocationListBuilder(own.subject, now - timedelta(hours=1), now + timedelta(days=1))
    return builder.sign(ca.key, hashes.SHA256())


class Bare:
    """A store of pyOpenSSL."""

    def __init__(self, root: bytes, crls: list[x509.CertificateRevocationList]) -> None:
        self.store = X509Store()
        self.store.add_cert(crypto.load_certificate(ASN1, root))
        for crl in crls:
            self.store.add_crl(crl)
        if crls:
            self.store.set_flags(X509StoreFlags.CRL_CHECK | X509StoreFlags.CRL_CHECK_ALL | 0x1000 | 0x2000)

    def verify(self, leaf: bytes, hint: bytes) -> None:
        """Load a leaf and an intermediate, and verify them."""
        X509StoreContext(self.store, *self._loaded(leaf, hint)).verify_certificate()

    def check(self, leaf: bytes, hint: bytes) -> list[object]:
        """Verify them, and read what must be checked; CA certificates were read before."""
        chain = X509StoreContext(self.store, *self._loaded(leaf, hint)).get_verified_chain()
        ders = [crypto.dump_certificate(ASN1, certificate) for certificate in chain[1:]]
        read = x509.load_der_x509_certificate(leaf)
        usages = {extension.oid: extension.value for extension in read.extensions}
        dates = read.not_valid_before_utc, read.not_valid_after_utc
        return [ders, usages, dates, read.public_key(), read.signature_hash_algorithm]

    @staticmethod
    def _loaded(leaf: bytes, hint: bytes) -> tuple[X509, list[X509]]:
        return crypto.load_certificate(ASN1, leaf), [crypto.load_certificate(ASN1, hint)]


def times(rounds: int, *functions: Callable[[], object], each: int = 1) -> list[float]:
    """Return the median time of each function, in microseconds.

    They take turns, so that a busy machine slows all of them.

    Args:
        rounds: how many measurements.
        functions: what is measured.
        each: how often a function is called in one, where a clock is too coarse for one call.
    """
    taken: list[list[float]] = [[] for _ in functions]
    for _ in range(rounds):
        for found, function in zip(taken, functions, strict=True):
            started = time.perf_counter()
            for _ in range(each):
                function()
            found.append((time.perf_counter() - started) / each)
    return [median(found) * 1e6 for found in taken]


def show(name: str, ours: float, other: str, theirs: float, bar: float | None) -> None:
    """Print one line."""
    verdict = "" if bar is None else f"{'within' if ours / theirs <= bar else 'ABOVE'} {bar}"
    print(f"{name:10}  ours {ours:8.2f}  {other:5} {theirs:8.2f}  ratio {ours / theirs:5.2f}  {verdict}")


def main(rounds: int) -> None:
    """Measure."""
    root = make_ca("CN=Root")
    issuing = root.issue("CN=Issuing", Profile(ca=True))
    pair = issuing.issue("CN=rp")
    peer, leaf, hint = (
        PeerCertificate(pair.certificate, (issuing.certificate,)),
        pair.certificate.der,
        issuing.certificate.der,
    )
    crls = [crl_of(root), crl_of(issuing)]
    with TemporaryDirectory() as folder:
        Path(folder, "crls.pem").write_bytes(b"".join(crl.public_bytes(Encoding.PEM) for crl in crls))
        plain = TrustStore.from_certificates([root.certificate])
        checked = TrustStore.from_certificates([root.certificate], crls=folder, revocation="required")
        for name, store, bare, bars in (
            ("first time", plain, Bare(root.certificate.der, []), (1.3, None)),
            ("with CRLs", checked, Bare(root.certificate.der, crls), (None, 1.2)),
        ):
            validate = partial(store.state().validate, leaf, [hint])  # without the cache of paths
            ours, *theirs = times(rounds, validate, partial(bare.verify, leaf, hint), partial(bare.check, leaf, hint))
            for other, took, bar in zip(("bare", "bare+"), theirs, bars, strict=True):
                show(name, ours, other, took, bar)
    table = {(leaf, hint): peer}
    ours, theirs_cached = times(rounds, lambda: plain.validate(peer), lambda: table[leaf, hint], each=100)
    show("cached", ours, "dict", theirs_cached, 10)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
