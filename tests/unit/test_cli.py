"""The command line, in this process and as one of its own."""

import json
import os
import signal
import stat
import subprocess
import sys
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from tests.tls import client_context
from wsgi_mtls import Client, ClientCertificate, PeerCertificate, Verifier
from wsgi_mtls.cli.main import cli
from wsgi_mtls.testing import KeyPair, Profile, self_sign

# click before 8.2 mixes both streams unless told otherwise.
SEPARATE: dict[str, Any] = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}


def run(*arguments: object) -> Result:
    return CliRunner(**SEPARATE).invoke(cli, [str(argument) for argument in arguments])


def make(*arguments: object) -> None:
    result = run(*arguments)
    assert result.exit_code == 0, result.output


def fails(*arguments: object) -> str:
    """Expect one line on stderr and exit status 2; return the line."""
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    return line


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a CA, and with a client's certificate of it."""
    make("pki", "ca", "--out", tmp_path / "ca")
    make(
        "pki", "issue", "--ca", tmp_path / "ca", "--subject", "CN=a,O=b", "--dns", "a.example", "--out", tmp_path / "a"
    )
    return tmp_path


def read(file: Path) -> ClientCertificate:
    return ClientCertificate.from_pem(file.read_bytes())


# pki


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


# inspect


def test_inspect(folder: Path) -> None:
    result = run("inspect", folder / "a.pem")
    assert result.exit_code == 0
    certificate = read(folder / "a.pem")
    for part in (certificate.thumbprint, "CN=a,O=b", "a.example", "CN=Development CA", "tls_client_auth_san_dns"):
        assert part in result.stdout
    assert "PRIVATE" not in result.stdout


def test_inspect_json(folder: Path) -> None:
    der = folder / "a.der"
    der.write_bytes(read(folder / "a.pem").der)
    lines = [json.loads(line) for line in run("inspect", "--json", folder / "a.pem", der).stdout.splitlines()]
    assert lines[0] == lines[1]
    certificate = read(folder / "a.pem")
    assert lines[0]["x5t#S256"] == certificate.thumbprint
    assert lines[0]["san"] == {"dns": ["a.example"], "uri": [], "ip": [], "email": []}
    assert lines[0]["self_signed"] is False
    assert lines[0]["not_after"] == certificate.not_after.isoformat()
    assert lines[0]["metadata"] == [
        {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=a,O=b"},
        {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "a.example"},
    ]


EVERYTHING = Profile(
    san_dns=["a.example", "*.example", "\0"],
    san_uri=["spiffe://a", "no uri"],
    san_ip=["192.0.2.1"],
    san_email=["a@b.example", "no-address"],
)


@pytest.mark.parametrize("issued", [True, False])
@pytest.mark.parametrize("key_type", ["ec", "rsa", "ed25519"])
def test_inspected_registrations_authenticate_the_certificate(
    tmp_path: Path, ca: KeyPair, issued: bool, key_type: str
) -> None:
    subject = r"CN=\ a\,b\+\=\#\"\\ \C3\A5,OU=x+O=y,2.5.4.97=PSDSE-1"
    profile = Profile(
        san_dns=EVERYTHING.san_dns,
        san_uri=EVERYTHING.san_uri,
        san_ip=EVERYTHING.san_ip,
        san_email=EVERYTHING.san_email,
        key_type=key_type,  # type: ignore[arg-type]
    )
    pair = ca.issue(subject, profile) if issued else self_sign(subject, profile)
    file = tmp_path / "a.pem"
    file.write_bytes(pair.certificate_pem)
    report = json.loads(run("inspect", "--json", file).stdout)
    assert report["self_signed"] is not issued
    assert len(report["metadata"]) == (5 if issued else 1)
    for metadata in report["metadata"]:
        client = Client.from_metadata({"client_id": "a", **metadata})
        peer = PeerCertificate(pair.certificate, verified=issued)
        assert Verifier({"a": client}).authenticate("a", peer).certificate == pair.certificate


def test_inspect_bad_files(folder: Path) -> None:
    for name, content in {
        "empty": b"",
        "text": b"hello",
        "two": (folder / "a.pem").read_bytes() * 2,
        "key": (folder / "a.key").read_bytes(),
        "short": read(folder / "a.pem").der[:-1],
    }.items():
        (folder / name).write_bytes(content)
        assert str(folder / name) in fails("inspect", folder / name)
    fails("inspect", folder)
    fails("inspect", folder / "nothing")
    fails("inspect")
    fails("inspect", "--nonsense", folder / "a.pem")


# serve, demo, and the program itself


def test_serve_bad_arguments(folder: Path) -> None:
    files = ["--certificate", folder / "a.pem", "--private-key", folder / "a.key"]
    for arguments in (
        ["no_such_module:app", *files],
        ["json:nothing", *files],
        ["json:__name__", *files],
        ["", *files],
        [":app", *files],
        ["wsgiref.simple_server:demo_app", "--certificate", folder / "a.pem", "--private-key", folder / "ca.key"],
        ["wsgiref.simple_server:demo_app", "--certificate", folder / "a.key", "--private-key", folder / "a.key"],
        ["wsgiref.simple_server:demo_app", "--certificate", folder / "x", "--private-key", folder / "a.key"],
        ["wsgiref.simple_server:demo_app", *files, "--client-ca", folder / "a.key"],
        ["wsgiref.simple_server:demo_app", *files, "--client-ca", folder / "x"],
        ["wsgiref.simple_server:demo_app", *files, "--port", "70000"],
        ["wsgiref.simple_server:demo_app"],
        [],
    ):
        fails("serve", *arguments)


def test_serve_without_a_module(folder: Path) -> None:
    assert "no_such_module" in fails("serve", "no_such_module:app", "--certificate", "x", "--private-key", "y")


def program(*arguments: object) -> list[str]:
    return [sys.executable, "-c", "from wsgi_mtls.cli import main; main()", *map(str, arguments)]


def test_serve_a_real_application(tmp_path: Path) -> None:
    from http.client import HTTPSConnection

    from tests.tls import write_server_pair

    certificate, key = write_server_pair(tmp_path)
    (tmp_path / "example.py").write_text(
        "def app(environ, start_response):\n"
        "    start_response('200 OK', [('Content-Type', 'text/plain')])\n"
        "    return [environ['SSL_CLIENT_VERIFY'].encode()]\n"
    )
    command = program("serve", "example:app", "--certificate", certificate, "--private-key", key, "--port", 0)
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        url = process.stderr.readline().strip()
        assert url.startswith("https://127.0.0.1:")
        connection = HTTPSConnection("127.0.0.1", int(url.rpartition(":")[2]), context=client_context(), timeout=20)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"NONE"
        connection.close()
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")


def test_serve_at_an_address_that_is_not_ours(folder: Path) -> None:
    command = ["serve", "json:dumps", "--certificate", folder / "a.pem", "--private-key", folder / "a.key"]
    arguments = program(*command, "--host", "192.0.2.1")
    result = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)


def test_demo() -> None:
    result = subprocess.run(program("demo"), capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stderr == ""
    assert "not as expected" not in result.stdout
    rows = result.stdout.partition("\n\n")[0].splitlines()[1:]
    for name in (
        "PKI, by subject DN",
        "PKI, by DNS name",
        "PKI, by URI",
        "PKI, by IP address",
        "PKI, by e-mail address",
        "self-signed, registered",
        "no certificate",
        "another client's certificate",
        "unknown client",
        "untrusted CA, right name",
        "expired",
        "self-signed where PKI is registered",
        "a DN that only looks alike",
        "certificate and client secret",
    ):
        assert any(row.startswith(name) for row in rows), name
    assert "curl " in result.stdout


def test_program_fails_in_one_line(tmp_path: Path) -> None:
    for arguments in (["inspect", tmp_path / "nothing"], ["nonsense"], ["pki", "ca", "--days", "0", "--out", "x"]):
        result = subprocess.run(
            program(*arguments), capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False
        )
        assert (result.returncode, result.stdout) == (2, "")
        assert len(result.stderr.splitlines()) == 1
        assert "Traceback" not in result.stderr


def test_without_the_extra(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise ImportError('no click', name='click')\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    result = subprocess.run(program(), capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "wsgi-mtls: click is missing; pip install 'wsgi-mtls[cli]'\n"


def test_help_and_version() -> None:
    assert run("--help").exit_code == 0
    assert run("pki", "issue", "-h").exit_code == 0
    assert run("--version").exit_code == 0
