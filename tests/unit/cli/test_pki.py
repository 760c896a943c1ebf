"""``wsgi-mtls pki``: files, modes, names, and what is refused."""

import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from tests.commands import fails, make, read


def test_pki_files_and_modes(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["a.key", "a.pem", "ca.key", "ca.pem"]
    for name in ("a.key", "ca.key"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
        assert load_pem_private_key((folder / name).read_bytes(), None)
    assert stat.S_IMODE((folder / "a.pem").stat().st_mode) & 0o444 == 0o444


def test_pki_key_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make("pki", "self-sign", "--subject", "CN=a", "--out", tmp_path / "a")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600


def test_pki_issue(folder: Path) -> None:
    out = folder / "all"
    names = [
        "--dns",
        "x.example",
        "--dns",
        "y.example",
        "--uri",
        "spiffe://x",
        "--ip",
        "2001:db8::1",
        "--email",
        "x@y.z",
    ]
    make("pki", "issue", "--ca", folder / "ca", "--subject", r"CN=x\, y,O=b", *names, "--days", 7, "--out", out)
    certificate = read(folder / "all.pem")
    assert certificate.subject == r"CN=x\, y,O=b"
    assert certificate.issuer == read(folder / "ca.pem").subject == "CN=Development CA"
    assert certificate.san_dns == ("x.example", "y.example")
    assert (certificate.san_uri, certificate.san_email) == (("spiffe://x",), ("x@y.z",))
    assert [str(address) for address in certificate.san_ip] == ["2001:db8::1"]
    assert (certificate.not_after - certificate.not_before).days == 7
    assert not certificate.is_self_signed
    assert certificate.extended_key_usage == frozenset({"1.3.6.1.5.5.7.3.2"})


@pytest.mark.parametrize("key_type", ["ec", "rsa", "ed25519"])
def test_pki_self_sign(tmp_path: Path, key_type: str) -> None:
    make("pki", "self-sign", "--subject", "CN=a", "--key-type", key_type, "--out", tmp_path / "a")
    assert read(tmp_path / "a.pem").is_self_signed


def test_pki_overwrites_nothing_without_force(folder: Path) -> None:
    command = ["pki", "self-sign", "--subject", "CN=new", "--out", folder / "a"]
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert "is there already; --force overwrites it" in fails(*command)
    (folder / "a.key").unlink()
    assert "a.pem is there already" in fails(*command)  # one of the two is enough
    (folder / "a.key").write_bytes(before[folder / "a.key"])
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    (folder / "a.key").chmod(0o644)
    make(*command, "--force")
    assert read(folder / "a.pem").subject == "CN=new"
    assert stat.S_IMODE((folder / "a.key").stat().st_mode) == 0o600


def test_pki_writes_through_no_link(folder: Path) -> None:
    target = folder / "target"
    (folder / "b.key").symlink_to(target)
    make("pki", "self-sign", "--subject", "CN=b", "--out", folder / "b", "--force")
    assert not target.exists()
    assert not (folder / "b.key").is_symlink()


def test_pki_bad_arguments(folder: Path) -> None:
    issue = ["pki", "issue", "--ca", folder / "ca", "--out", folder / "x", "--subject"]
    for arguments in (
        [*issue, "nonsense"],
        [*issue, "C=SWE"],
        [*issue, "CN=" + "x" * 65],
        [*issue, "CN=x", "--ip", "x"],
        [*issue, "CN=x", "--dns", "\u00e9"],
        [*issue, "CN=x", "--email", "\u00e9@x"],
        [*issue, "CN=x", "--days", "0"],
        [*issue, "CN=x", "--days", "x"],
        [*issue, "CN=x", "--key-type", "dsa"],
        [*issue, "CN=x", "--nonsense"],
        [*issue],
        ["pki", "issue", "--ca", folder / "nobody", "--out", folder / "x", "--subject", "CN=x"],
        ["pki", "ca", "--out", folder / "no" / "folder"],
        ["pki", "ca"],
        ["pki", "nonsense"],
        ["nonsense"],
    ):
        fails(*arguments)
    assert not list(folder.glob("x.*"))


def test_pki_ca_that_is_none(folder: Path) -> None:
    issue = ["pki", "issue", "--ca", folder / "ca", "--out", folder / "x", "--subject", "CN=x"]
    good = (folder / "ca.key").read_bytes()
    (folder / "ca.key").write_bytes((folder / "a.key").read_bytes())
    assert "is not the key of" in fails(*issue)
    key = load_pem_private_key(good, None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    (folder / "ca.key").write_bytes(locked)
    assert "ca.key" in fails(*issue)
    (folder / "ca.key").write_bytes(b"nonsense")
    fails(*issue)
    (folder / "ca.key").write_bytes(good)
    make(*issue)
    (folder / "ca.pem").write_bytes(b"nonsense")
    fails(*issue)
