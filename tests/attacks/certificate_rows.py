"""Rows about a certificate alone, where a chain that the terminator validated is enough, or is a user."""

from .header_rows import at_rest_framework
from .row import FAILED, CertificateRow, Refusal, Sent


def _row(number: int, name: str, reason: str, *attacks: Sent, accepted: tuple[Sent, ...] = (Sent(),)) -> CertificateRow:
    return CertificateRow(number=number, name=f"certificate: {name}", attacks=attacks, accepted=accepted,
                          expected=Refusal(401, "invalid_client", reason),
                          apart=at_rest_framework(reason))  # fmt: skip


CERTIFICATE_ROWS = [
    _row(1, "none", "no_certificate", Sent(None)),
    _row(7, "self-signed", "self_signed_certificate", Sent("self-signed"), Sent("self-signed", FAILED),
         Sent("self-issued, broken")),
    _row(8, "another CA, or a leaf as a CA", "chain_not_verified",
         *(Sent(name, FAILED) for name in ("another CA's", "namesake CA's", "a leaf's"))),
    _row(18, "expired", "certificate_expired", Sent("expired")),
    _row(18, "not yet valid", "certificate_not_yet_valid", Sent("not yet valid")),
    _row(18, "another purpose", "not_for_client_auth", Sent("for servers"), Sent("for any purpose"),
         accepted=(Sent("for both"), Sent("for no stated purpose"))),
    _row(18, "unknown critical extension", "chain_not_verified", Sent("unknown critical", FAILED),
         accepted=(Sent("unknown uncritical"),)),
]  # fmt: skip
