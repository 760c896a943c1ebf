"""``wsgi-mtls pki``: a development CA, and certificates with any names."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from ..testing import CLIENT_AUTH, SERVER_AUTH, KeyPair, KeyType, Profile, make_ca, make_key, self_sign
from ..x509.files import read_certificate
from .failure import Failure, failing_plainly

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group()
def pki() -> None:
    """Make a development CA and certificates.

    For production use a CA that keeps its key safe.
    """


def _options(command: Command) -> Command:
    for option in (
        click.option("--out", required=True, type=click.Path(path_type=Path), help="Writes OUT.pem and OUT.key."),
        click.option("--days", default=30, show_default=True, type=click.IntRange(1, 36500), help="Validity in days."),
        click.option("--key-type", default="ec", show_default=True, type=click.Choice(["ec", "rsa", "ed25519"])),
        click.option("--force", is_flag=True, help="Overwrite files that are there."),
    ):
        command = option(command)
    return command


def _names(command: Command) -> Command:
    for option in (
        click.option("--subject", required=True, help="The subject as RFC 4514: 'CN=billing,O=Agora'."),
        click.option("--dns", multiple=True, help="A dNSName; may be repeated, as the next three."),
        click.option("--uri", multiple=True, help="A URI."),
        click.option("--ip", multiple=True, help="An IP address."),
        click.option("--email", multiple=True, help="An e-mail address."),
    ):
        command = option(command)
    return command


@pki.command()
@click.option("--subject", default="CN=Development CA", show_default=True, help="The CA's name as RFC 4514.")
@_options
def ca(subject: str, out: Path, days: int, key_type: KeyType, force: bool) -> None:
    """Make a root CA."""
    with failing_plainly():
        profile = Profile(ca=True, extended_key_usage=(), days=days, key=make_key(key_type))
        _write(make_ca(subject, profile), out, force)


@pki.command()
@click.option("--ca", "ca_path", required=True, type=click.Path(path_type=Path), help="The CA's OUT.")
@click.option("--server", is_flag=True, help="For a server instead of a client.")
@_names
@_options
def issue(ca_path: Path, server: bool, subject: str, out: Path, force: bool, **options: Any) -> None:
    """Issue a certificate."""
    with failing_plainly():
        pair = _load(ca_path).issue(
            subject, _profile(extended_key_usage=SERVER_AUTH if server else CLIENT_AUTH, **options)
        )
        _write(pair, out, force)


@pki.command("self-sign")
@_names
@_options
def self_sign_command(subject: str, out: Path, force: bool, **options: Any) -> None:
    """Make a self-signed client certificate (RFC 8705 section 2.2), with CA:FALSE."""
    with failing_plainly():
        _write(self_sign(subject, _profile(**options)), out, force)


def _profile(*, dns: Any, uri: Any, ip: Any, email: Any, **others: Any) -> Profile:
    return Profile(san_dns=dns, san_uri=uri, san_ip=ip, san_email=email, **others)


def _load(path: Path) -> KeyPair:
    certificate = read_certificate(path.with_name(path.name + ".pem").read_bytes()).require_readable()
    try:
        key = load_pem_private_key(path.with_name(path.name + ".key").read_bytes(), password=None)
    except (TypeError, UnsupportedAlgorithm) as error:  # it has a passphrase, or is of an unknown kind
        raise Failure(f"{path}.key: {error}.") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        raise Failure(f"{path}.key: use an EC, RSA or Ed25519 key.")
    if key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != certificate.public_key_der:
        raise Failure(f"{path}.key is not the key of {path}.pem.")
    return KeyPair(certificate, key)


def _write(pair: KeyPair, out: Path, force: bool) -> None:
    files = {out.with_name(out.name + ".key"): pair.key_pem, out.with_name(out.name + ".pem"): pair.certificate_pem}
    for file in files:
        if file.exists() and not force:
            raise Failure(f"{file} is there already; --force overwrites it.")
    for file, content in files.items():
        file.unlink(missing_ok=True)
        # O_EXCL: never through a link that another user put there, never readable by others for a moment.
        mode = 0o600 if file.suffix == ".key" else 0o644
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
            stream.write(content)
        click.echo(file)
