"""A trust store in files: what is read, and what happens when they change."""

import os
from pathlib import Path
from unittest.mock import Mock

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.revocation import DAY, make_crl, write
from wsgi_mtls import MutualTLSError, PeerCertificate
from wsgi_mtls.testing import KeyPair, make_ca, self_sign, to_pem
from wsgi_mtls.trust import TrustStore

ONE, TWO = make_ca("CN=One"), make_ca("CN=Two")


def pem(*pairs: KeyPair) -> bytes:
    return b"".join(to_pem(pair.certificate) for pair in pairs)


def accepts(store: TrustStore, *pairs: KeyPair) -> list[bool]:
    return [_accepts(store, pair) for pair in pairs]


def _accepts(store: TrustStore, pair: KeyPair) -> bool:
    try:
        store.validate(PeerCertificate(pair.certificate))
    except MutualTLSError:
        return False
    return True


A, B = ONE.issue("CN=a"), TWO.issue("CN=b")


def test_a_file(tmp_path: Path) -> None:
    der = x509.load_der_x509_certificate(ONE.certificate.der).public_bytes(Encoding.DER)
    assert accepts(TrustStore.from_file(write(tmp_path / "ca.der", der)), A, B) == [True, False]
    bundle = write(tmp_path / "ca.pem", b"# One\n", pem(ONE), b"\n# Two\r\n", pem(TWO))
    assert accepts(TrustStore.from_file(str(bundle)), A, B) == [True, True]


def test_a_directory(tmp_path: Path) -> None:
    write(tmp_path / "one.pem", pem(ONE))
    write(tmp_path / "two.crt", TWO.certificate.der)
    write(tmp_path / "README", b"not a certificate")
    write(tmp_path / ".hidden.pem", b"not a certificate")
    write(tmp_path / "list.pem", make_crl(TWO, [B]))
    os.symlink(tmp_path / "one.pem", tmp_path / "again.pem")
    assert accepts(TrustStore.from_directory(tmp_path), A, B) == [True, True]
    assert accepts(TrustStore.from_directory(tmp_path, crls=tmp_path), A, B) == [True, False]


@pytest.mark.parametrize(
    "content",
    [b"", b"x", pem(ONE)[:-40], pem(ONE) + pem(TWO)[:-40], ONE.key_pem, make_crl(ONE), pem(self_sign("CN=x"))],
)
def test_what_is_not_a_bundle(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ValueError, match=r"CA certificate|PEM block|certificates in PEM"):
        TrustStore.from_file(write(tmp_path / "ca.pem", content))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"ca\.pem"):
        TrustStore.from_file(tmp_path / "ca.pem")
    with pytest.raises(ValueError, match="from_file"):
        TrustStore.from_directory(write(tmp_path / "x.pem", pem(ONE)))
    with pytest.raises(ValueError, match="from_directory"):
        TrustStore.from_file(tmp_path)


def test_changes_are_read(tmp_path: Path) -> None:
    bundle = write(tmp_path / "ca.pem", pem(ONE))
    store = TrustStore.from_file(bundle, max_age=0)
    assert accepts(store, A, B) == [True, False]
    write(bundle, pem(ONE, TWO))
    assert accepts(store, A, B) == [True, True]
    write(tmp_path / "new.pem", pem(TWO)).replace(bundle)
    assert accepts(store, A, B) == [False, True]


def test_files_are_added_and_removed(tmp_path: Path) -> None:
    write(tmp_path / "one.pem", pem(ONE))
    store = TrustStore.from_directory(tmp_path, max_age=0)
    write(tmp_path / "two.pem", pem(TWO))
    assert accepts(store, A, B) == [True, True]
    (tmp_path / "one.pem").unlink()
    assert accepts(store, A, B) == [False, True]


@pytest.mark.parametrize("content", [b"", b"x", pem(TWO)[:-40], None])
def test_a_broken_file_keeps_the_last_good_state(
    tmp_path: Path, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    bundle = write(tmp_path / "ca.pem", pem(ONE))
    store = TrustStore.from_file(bundle, max_age=0)
    if content is None:
        bundle.unlink()
    else:
        write(bundle, content)
    assert accepts(store, A, B) == [True, False]
    assert accepts(store, A, B) == [True, False]
    # Logged once, not at every request.
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "ca.pem" in caplog.text
    write(bundle, pem(TWO))
    assert accepts(store, A, B) == [False, True]


def test_a_crl_that_changes(tmp_path: Path) -> None:
    crls = write(tmp_path / "list.crl", make_crl(ONE, age=DAY / 2))
    store = TrustStore.from_certificates([ONE.certificate], crls=[crls], revocation="required", max_age=0)
    assert accepts(store, A) == [True]
    newer = make_crl(ONE, [A], age=DAY / 4)
    write(crls, newer)
    assert accepts(store, A) == [False]
    # An older list that is put back, and a broken one, change nothing.
    write(crls, make_crl(ONE, age=DAY / 2))
    assert accepts(store, A) == [False]
    write(crls, newer[:-30])
    assert accepts(store, A) == [False]


def test_within_max_age_nothing_is_read(tmp_path: Path) -> None:
    bundle = write(tmp_path / "ca.pem", pem(ONE))
    store = TrustStore.from_file(bundle, max_age=3600)
    write(bundle, pem(TWO))
    assert accepts(store, A, B) == [True, False]


def test_crls_that_are_not_there(tmp_path: Path) -> None:
    crls = tmp_path / "crls"
    crls.mkdir()
    write(crls / "list.txt", make_crl(ONE))
    with pytest.raises(ValueError, match="No CRL in"):
        TrustStore.from_certificates([ONE.certificate], crls=crls)
    (crls / "list.txt").rename(crls / "list.crl")
    store = TrustStore.from_certificates([ONE.certificate], crls=crls, max_age=0)
    write(crls / "list.crl", make_crl(ONE, [A], number=2))
    assert accepts(store, A) == [False]
    # Removed or moved: the last good state stays in force.
    (crls / "list.crl").unlink()
    assert accepts(store, A) == [False]
    crls.rmdir()
    assert accepts(store, A) == [False]


def test_a_failure_that_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = write(tmp_path / "ca.pem", pem(ONE))
    store = TrustStore.from_file(bundle, max_age=0)
    write(bundle, pem(ONE, TWO))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", Mock(side_effect=OSError(24, "Too many open files")))
        assert accepts(store, A, B) == [True, False]
    assert accepts(store, A, B) == [True, True]
