"""``wsgi-mtls inspect``: the content of a certificate, and the registration that fits."""

import json
from pathlib import Path
from typing import Any

import cryptography_vectors
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from tests import der
from tests.commands import fails, read, run
from wsgi_mtls import Client, ClientCertificate, PeerCertificate, Verifier
from wsgi_mtls.errors import BadCertificate
from wsgi_mtls.suggest import in_one_line
from wsgi_mtls.testing import KeyPair, Profile, self_sign
from wsgi_mtls.x509.files import read_certificates


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


def test_a_chain_in_one_file(folder: Path) -> None:
    chain = folder / "fullchain.pem"
    chain.write_bytes((folder / "a.pem").read_bytes() + b"\r\n" + (folder / "ca.pem").read_bytes())
    printed = run("inspect", chain).stdout
    for number, name in enumerate(("a", "ca"), 1):
        assert f"{chain}, certificate {number} of 2: " in printed
        assert read(folder / f"{name}.pem").thumbprint in printed
    reports = [json.loads(line) for line in run("inspect", "--json", chain).stdout.splitlines()]
    assert [report["subject"] for report in reports] == ["CN=a,O=b", "CN=Development CA"]
    assert "certificate 1 of" not in run("inspect", folder / "a.pem").stdout


def test_an_issuer_in_the_clients_chain_is_not_registered(folder: Path) -> None:
    chain = folder / "fullchain.pem"
    chain.write_bytes((folder / "a.pem").read_bytes() + (folder / "ca.pem").read_bytes())
    result = run("inspect", chain)
    assert f"{chain}, certificate 2 of 2: the issuer of certificate 1, not the client's certificate" in result.stdout
    assert "self_signed_tls_client_auth" not in result.stdout
    assert json.loads(run("inspect", "--json", chain).stdout.splitlines()[1])["metadata"] == []
    alone = run("inspect", folder / "ca.pem").stdout
    assert "self_signed_tls_client_auth" in alone


def test_a_key_that_no_jwk_can_hold(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP192R1())
    pair = self_sign("CN=a", Profile(key=key))
    file = tmp_path / "a.pem"
    file.write_bytes(pair.certificate_pem)
    printed = run("inspect", file).stdout
    assert pair.certificate.thumbprint in printed
    assert "not registered by anything: JOSE has no name for the curve secp192r1" in printed.splitlines()[0]
    assert json.loads(run("inspect", "--json", file).stdout)["metadata"] == []


def test_names_do_nothing_to_the_terminal(tmp_path: Path, ca: KeyPair) -> None:
    name = "a\u202e\u009b31m\x1b[2J\u200b\U000e0041\u00e5"
    pair = ca.issue(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
    file = tmp_path / "a.pem"
    file.write_bytes(pair.certificate_pem)
    printed, as_json = run("inspect", file).stdout, run("inspect", "--json", file).stdout
    for text in (printed, as_json):
        assert all(line.isprintable() for line in text.splitlines())
        assert "\u00e5" in text
    assert json.loads(as_json)["subject"] == f"CN={name}"


def test_inspect_bad_files(folder: Path) -> None:
    for name, content in {
        "empty": b"",
        "text": b"hello",
        "two, one cut": (folder / "a.pem").read_bytes() + (folder / "ca.pem").read_bytes()[:-20],
        "key": (folder / "a.key").read_bytes(),
        "short": read(folder / "a.pem").der[:-1],
    }.items():
        (folder / name).write_bytes(content)
        assert str(folder / name) in fails("inspect", folder / name)
    fails("inspect", folder)
    fails("inspect", folder / "nothing")
    fails("inspect")
    fails("inspect", "--nonsense", folder / "a.pem")


def summary(certificate: ClientCertificate) -> str:
    line = in_one_line(certificate)
    assert line.splitlines() == [line]
    return line


BILLING = der.dn((der.CN, der.utf8("billing")))


def made(*extensions: bytes, subject: bytes = BILLING, **options: Any) -> ClientCertificate:
    return ClientCertificate.from_der(der.CA().cert(subject, extensions, **options))


ONE_LINE: dict[str, tuple[ClientCertificate, str]] = {
    "a name": (made(), "registered by tls_client_auth_subject_dn CN=billing"),
    "two names": (
        made(der.ext("2.5.29.17", der.san(der.dns("a.example")))),
        "registered by tls_client_auth_subject_dn CN=billing or tls_client_auth_san_dns a.example",
    ),
    "itself": (self_sign("CN=a").certificate, "registered by its key (self_signed_tls_client_auth, jwks)"),
    "another purpose": (made(der.eku("1.3.6.1.5.5.7.3.1")), "lacks clientAuth"),
    "critical": (made(der.ext("1.3.6.1.4.1.99999.1", b"\x05\x00", True)), "critical extension 1.3.6.1.4.1.99999.1"),
    "twice": (made(der.KU, der.KU), "key usage 2 times"),
    "nameless": (made(subject=der.name()), "none of its names can be registered"),
    "a subject that is odd": (made(subject=b"\x05\x00"), "can't be read"),
    "a SAN that is odd": (made(der.ext("2.5.29.17", b"\x05")), "registered by tls_client_auth_subject_dn CN=billing"),
    "nothing": (ClientCertificate.from_der(b"0\x00"), "not registered by anything: "),
}


@pytest.mark.parametrize("of", ONE_LINE)
def test_one_line(of: str, tmp_path: Path) -> None:
    certificate, expected = ONE_LINE[of]
    assert expected in summary(certificate)
    file = tmp_path / "a.der"
    file.write_bytes(certificate.der)
    first, *_ = run("inspect", file).stdout.splitlines()
    assert first == f"{file}: {summary(certificate)}"
    assert json.loads(run("inspect", "--json", file).stdout)["summary"] == summary(certificate)


def test_many_names_are_cut() -> None:
    names = [der.dns(f"{number}.example") for number in range(20)]
    assert summary(made(der.ext("2.5.29.17", der.san(*names)))).endswith(" or 15 more")


def test_one_line_for_each_vector() -> None:
    for path in sorted(Path(cryptography_vectors.__file__).parent.glob("x509/**/*.pem")):
        try:
            certificates = read_certificates(path.read_bytes())
        except BadCertificate:
            continue
        for certificate in certificates:
            assert summary(certificate).startswith(("registered by ", "not registered by anything: "))


def test_one_bad_file_among_others(folder: Path) -> None:
    (folder / "bad").write_bytes(b"x!")
    result = run("inspect", folder / "bad", folder / "a.pem", folder / "nothing")
    assert result.exit_code == 2
    assert f"{folder / 'a.pem'}: registered by " in result.stdout
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == [
        str(folder / "bad"),
        str(folder / "nothing"),
    ]
