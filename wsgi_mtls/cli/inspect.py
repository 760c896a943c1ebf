"""``wsgi-mtls inspect``: what a certificate says, and the registration metadata that fits it."""

import json
import re
from pathlib import Path

import click

from ..clients import SUBJECT_KINDS, SubjectKind, SubjectValue
from ..errors import InvalidClientMetadata
from ..jwks import jwk
from ..x509 import ClientCertificate
from .failure import failing_plainly


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a certificate.")
def inspect(files: tuple[Path, ...], as_json: bool) -> None:
    """Print subject, SANs, thumbprint, validity and fitting registration metadata of certificates (PEM or DER).

    Of a chain in one file, each certificate is printed; a client is registered by the first, its own.
    """
    for file in files:
        with failing_plainly(str(file)):
            reports = [describe(certificate) for certificate in read_certificates(file)]
        for number, report in enumerate(reports, 1):
            if as_json:
                click.echo(_printable(report))
            else:
                of = f", certificate {number} of {len(reports)}" if len(reports) > 1 else ""
                click.echo(f"{file}{of}\n" + "\n".join(f"  {line}" for line in _lines(report)))


def read_certificates(file: Path) -> list[ClientCertificate]:
    """Read a file of one certificate, PEM or DER, or of several in PEM.

    Raises:
        OSError: it can't be read.
        BadCertificate: ``malformed_certificate``: If the file holds something else than one certificate.
    """
    content = file.read_bytes()
    if content.count(b"-----BEGIN") < 2:
        return [read_certificate(file)]
    parts = re.split(rb"(?<=-----END CERTIFICATE-----)", content)
    return [ClientCertificate.from_pem(part).require_readable() for part in parts if part.strip()]


def read_certificate(file: Path) -> ClientCertificate:
    """Read a certificate file, PEM or DER.

    Raises:
        OSError: it can't be read.
        BadCertificate: ``malformed_certificate``: it is not a certificate, or has a part that can't be read.
    """
    content = file.read_bytes()
    is_pem = b"-----BEGIN" in content
    certificate = ClientCertificate.from_pem(content) if is_pem else ClientCertificate.from_der(content)
    return certificate.require_readable()


def describe(certificate: ClientCertificate) -> dict[str, object]:
    """Return what ``inspect`` prints, as JSON has it."""
    return {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "serial_number": f"{certificate.serial_number:x}",
        "san": {
            "dns": certificate.san_dns,
            "uri": certificate.san_uri,
            "ip": [str(address) for address in certificate.san_ip],
            "email": certificate.san_email,
        },
        "not_before": certificate.not_before.isoformat(),
        "not_after": certificate.not_after.isoformat(),
        "x5t#S256": certificate.thumbprint,
        "self_signed": certificate.is_self_signed,
        "metadata": registration_metadata(certificate),
    }


def registration_metadata(certificate: ClientCertificate) -> list[dict[str, object]]:
    """Return the registrations that fit: one a subject value, or the self-signed method's JWK set.

    None fits a certificate without a name that can be registered, or a self-signed one with a key that no JWK can hold.
    """
    if certificate.is_self_signed:
        try:
            keys = [jwk(certificate)]
        except InvalidClientMetadata:
            return []
        return [{"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": keys}}]
    values = (
        (certificate.subject,),
        certificate.san_dns,
        certificate.san_uri,
        tuple(map(str, certificate.san_ip)),
        certificate.san_email,
    )
    pairs: list[tuple[SubjectKind, str]] = [
        (kind, value)
        for kind, of_kind in zip(SUBJECT_KINDS, values, strict=True)
        for value in of_kind
        if _fits(kind, value, certificate)
    ]
    return [{"token_endpoint_auth_method": "tls_client_auth", kind: value} for kind, value in pairs]


def _fits(kind: SubjectKind, value: str, certificate: ClientCertificate) -> bool:
    """Tell whether the value can be registered: a wildcard or a name with invisible characters can't."""
    try:
        return SubjectValue.parse(kind, value).matches(certificate)
    except InvalidClientMetadata:
        return False


def _lines(report: dict[str, object]) -> list[str]:
    lines = []
    for name, value in report.items():
        entries = value if isinstance(value, list) else [value]
        lines += [f"{name}: {_printable(entry)}" for entry in entries]
    if not report["metadata"]:
        lines.append("metadata: none fits; it has no name to register, or a key that no JWK can hold")
    return lines


def _printable(value: object) -> str:
    """Return JSON that leaves a terminal alone: a certificate's names are a stranger's text."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)
