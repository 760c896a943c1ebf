"""The page for a person whose browser was refused.

It shows the case, and the certificate that came. An adapter renders it with its framework's templates. It shows no more
than the answer to a program does, except what the caller knows: whether it sent a certificate, and which.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from .errors import MutualTLSError, short
from .explain_report import printable
from .responses import Verbosity, debug_text
from .x509 import Peer, PeerCertificate

Kind = Literal[
    "no_certificate",
    "certificate_rejected",
    "not_authorized",
    "cross_site",
    "for_programs",
    "bad_request",
    "unavailable",
]


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """The certificate that the browser sent, safe to show.

    Control, line and bidi characters are escaped, and long texts are cut.

    Attributes:
        subject: the name of the holder.
        issuer: the name of the CA.
        not_after: the last day of its validity.
    """

    subject: str
    issuer: str
    not_after: str


@dataclass(frozen=True, slots=True)
class RefusedPage:
    """The content of the page.

    Attributes:
        kind: which case it is.
        status: the HTTP status code.
        time: when it was refused, in UTC, so that the operator finds it in the log.
        certificate: what the browser sent; None without a certificate, or for one that is unreadable.
        why: the reason and the message; empty unless the verbosity is ``debug``.
    """

    kind: Kind
    status: int
    time: str
    certificate: ShownCertificate | None
    why: str


def refused_page(
    error: MutualTLSError, peer: Peer | None, *, verbosity: Verbosity, for_programs: bool = False
) -> RefusedPage:
    """Return the content for a person.

    Args:
        error: the refusal.
        peer: what the caller presented.
        verbosity: how much a refusal shows.
        for_programs: whether the address is that of an endpoint or an API, which no person opens.
    """
    why = printable(debug_text(error)) if verbosity == "debug" else ""
    time = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return RefusedPage(_kind(error, for_programs), error.status, time, _shown(peer), why)


def _kind(error: MutualTLSError, for_programs: bool) -> Kind:
    if error.status >= 500:
        return "unavailable"
    if for_programs:
        return "for_programs"
    if error.reason == "cross_site_request":
        return "cross_site"
    if error.reason in ("no_certificate", "certificate_required"):
        return "no_certificate"
    by_status: dict[int, Kind] = {401: "certificate_rejected", 403: "not_authorized"}
    return by_status.get(error.status, "bad_request")


def _shown(peer: Peer | None) -> ShownCertificate | None:
    if isinstance(peer, PeerCertificate):
        certificate = peer.certificate
        with suppress(MutualTLSError):  # of a part that is unreadable
            subject, issuer = (printable(short(name)) for name in (certificate.subject, certificate.issuer))
            return ShownCertificate(subject, issuer, f"{certificate.not_after:%Y-%m-%d}")
    return None
