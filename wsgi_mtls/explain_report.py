"""An explanation as text and as JSON, for each command line that prints one."""

import json
from dataclasses import asdict
from pathlib import Path

from .explain import Explanation
from .x509 import ClientCertificate, PeerCertificate
from .x509.files import read_certificates


def read_peer(certificate: Path, chain: Path | None = None, *, verified: bool = False) -> PeerCertificate:
    """Read what a client would present.

    Args:
        certificate: its certificate, PEM or DER; more certificates in the same file are its chain.
        chain: a file of its chain.
        verified: whether the TLS terminator would report success.

    Raises:
        OSError: If a file cannot be read.
        BadCertificate: ``malformed_certificate``: If a file holds something else.
    """
    leaf, *others = _certificates(certificate)
    others += _certificates(chain) if chain is not None else []
    return PeerCertificate(leaf, tuple(others), verified=verified, source="explain")


def _certificates(file: Path) -> list[ClientCertificate]:
    return [*read_certificates(file.read_bytes())]


def to_json(explanation: Explanation) -> str:
    """Return one JSON object on one line."""
    return printable(json.dumps(asdict(explanation), ensure_ascii=False, default=str))


def to_lines(explanation: Explanation) -> list[str]:
    """Return the lines of a report."""
    # A certificate's text starts no line of its own and moves no terminal's cursor.
    lines = ["Path"]
    for number, step in enumerate(explanation.path):
        lines.append(f"  {number} {_quoted(step.subject)} until {step.not_after:%F}, issued by {_quoted(step.issuer)}")
        lines += [f"      {pin}" for pin in step.pins]
    lines.append("Checks")
    for finding in explanation.findings:
        mark = "ok    " if finding.outcome == "passed" else "FAILED"
        lines.append(f"  {mark} {finding.check}: expected {printable(finding.expected)}")
        lines.append(f"         found {printable(finding.found)}")
    lines.append("Accepted" if explanation.accepted else f"Refused: {explanation.reason}")
    return lines


def printable(text: str) -> str:
    """Escape what could move a terminal's cursor or turn its text around."""
    # The names are a stranger's text.
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def _quoted(text: str) -> str:
    return printable(json.dumps(text, ensure_ascii=False))
