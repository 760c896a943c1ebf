"""``wsgi-mtls inspect``: a certificate's content and registration metadata."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from ..errors import BadCertificate, MutualTLSError
from ..suggest import in_one_line, registrations
from ..x509 import ClientCertificate
from ..x509.files import read_certificates
from ..x509.parts import is_issued_by
from .failure import Failure


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a certificate.")
def inspect(files: tuple[Path, ...], as_json: bool) -> None:
    """Print how certificates can be registered, and what is in them.

    If a certificate cannot be registered, the reason is printed. A file may be PEM, with any text around, DER, base64
    or PKCS#7. Of a chain in one file, each certificate is printed; a client is registered by the first, its own. A file
    that can't be read does not keep others from being printed.
    """
    failures = [failure for file in files if (failure := _print(file, as_json)) is not None]
    for failure in failures[:-1]:
        click.echo(f"Error: {failure.message}", err=True)
    if failures:
        raise failures[-1]


def _print(file: Path, as_json: bool) -> Failure | None:
    try:
        certificates = read_certificates(file.read_bytes())
    except (MutualTLSError, OSError) as error:
        return Failure(f"{file}: {error}")
    for number, certificate in enumerate(certificates, 1):
        report = describe(certificate)
        # A root is self-signed: without this, the CA's own certificate would be offered for registration as a client.
        if (issued := _first_issued(certificate, certificates)) is not None:
            report |= {
                "summary": f"the issuer of certificate {issued}, not the client's certificate",
                "metadata": [],
            }
        if as_json:
            click.echo(_printable(report))
        else:
            of = f", certificate {number} of {len(certificates)}" if len(certificates) > 1 else ""
            click.echo(f"{file}{of}: {_plain(str(report['summary']))}")
            click.echo("\n".join(f"  {line}" for line in _lines(report)))
    return None


def _first_issued(issuer: ClientCertificate, certificates: Sequence[ClientCertificate]) -> int | None:
    """Return the number of the first other certificate that this one issued.

    None if it issued none in the file.
    """
    for number, certificate in enumerate(certificates, 1):
        try:
            # Two self-signed certificates of one key, before and after a renewal, would count as issued by each other.
            if not certificate.is_self_signed and is_issued_by(certificate.der, issuer.der):
                return number
        except ValueError:  # one that cannot be read
            continue
    return None


def describe(certificate: ClientCertificate) -> dict[str, object]:
    """Return what ``inspect`` prints, as JSON.

    An unreadable part is replaced by the reason.
    """
    read: dict[str, Callable[[], object]] = {
        "subject": lambda: certificate.subject,
        "issuer": lambda: certificate.issuer,
        "serial_number": lambda: f"{certificate.serial_number:x}",
        "san": lambda: {
            "dns": certificate.san_dns,
            "uri": certificate.san_uri,
            "ip": [str(address) for address in certificate.san_ip],
            "email": certificate.san_email,
        },
        "not_before": lambda: certificate.not_before.isoformat(),
        "not_after": lambda: certificate.not_after.isoformat(),
        "x5t#S256": lambda: certificate.thumbprint,
        "self_signed": lambda: certificate.is_self_signed,
        "summary": lambda: in_one_line(certificate),
        "metadata": lambda: registrations(certificate),
    }
    return {name: _or_why_not(part) for name, part in read.items()}


def _or_why_not(part: Callable[[], object]) -> object:
    try:
        return part()
    except BadCertificate as error:
        return error.message


def _lines(report: dict[str, object]) -> list[str]:
    lines = []
    for name, value in report.items():
        entries = value if isinstance(value, list) else [value]
        lines += [f"{name}: {_printable(entry)}" for entry in entries if name != "summary"]
    return lines


def _printable(value: object) -> str:
    """Return JSON without control characters, as a stranger chose the names."""
    return _plain(json.dumps(value, ensure_ascii=False))


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)
