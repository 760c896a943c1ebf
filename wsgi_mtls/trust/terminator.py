"""The weight of the TLS terminator's status next to a trust store."""

import re

from ..errors import BadCertificate, UntrustedPath, quoted
from ..x509 import PeerCertificate

# Each is OpenSSL's text (nginx, mod_ssl) or its number (HAProxy). A terminator with another CA bundle than ours reports
# one of them for each certificate that it does not know.
UNKNOWN_ISSUER = frozenset(
    {
        "2",
        "18",
        "19",
        "20",
        "21",
        "unable to get issuer certificate",
        "self signed certificate",
        "self-signed certificate",
        "self signed certificate in certificate chain",
        "self-signed certificate in certificate chain",
        "unable to get local issuer certificate",
        "unable to verify the first certificate",
    }
)
# The words of nginx; of mod_ssl, with whether the TLS session was resumed; of HAProxy, ssl_c_used and ssl_c_verify.
_FAILURE = re.compile(r"FAILED:?(?P<text>.*?)(?: Initial| Resumed)?|(?:1 )?(?P<code>[1-9][0-9]*)", re.DOTALL)
SPECIFIC: dict[str, str] = {
    "10": "expired",
    "certificate has expired": "expired",
    "23": "revoked",
    "certificate revoked": "revoked",
}


def check_status(peer: PeerCertificate) -> None:
    """Refuse what the terminator itself found wrong.

    Only an issuer that is unknown there may be known here.

    Raises:
        UntrustedPath: ``revoked``: If the terminator reports that.
        UntrustedPath: ``expired``: If the terminator reports that.
        BadCertificate: ``chain_not_verified``: If the terminator reports another failure.
    """
    match = _FAILURE.fullmatch(peer.status)
    if peer.verified or match is None:
        return  # success, or a word that gives no reason, such as GENEROUS or false: the store decides
    text = (match["text"] or match["code"] or "").strip()
    if text in UNKNOWN_ISSUER:
        return
    advice = (
        f"{peer.source} reports {quoted(peer.status)}. The trust store outweighs only an unknown issuer there "
        "(OpenSSL 2, 18 to 21)."
    )
    if text in SPECIFIC:
        raise UntrustedPath(reason=SPECIFIC[text], advice=advice)
    raise BadCertificate(reason="chain_not_verified", advice=advice)
