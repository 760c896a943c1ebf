"""The options of a guard, checked together."""

from .options import InvalidOption, check_dpop, check_max_body, check_max_certificate, check_source, check_tokens
from .sources import CertificateSource, check_delivers_certificate, check_delivers_thumbprint, check_methods
from .trust import TrustStore
from .verifier import Verifier


def check_guard(
    source: CertificateSource,
    *,
    verifier: object,
    tokens: object,
    max_body: object,
    max_certificate: object,
    trust: object,
    dpop: object,
) -> None:
    """Check the options of a guard.

    Raises:
        ValueError: If one has a value that it cannot have, or if two of them do not fit together.
    """
    check_source(source)
    check_max_body(max_body)
    check_max_certificate(max_certificate)
    check_dpop(dpop)
    if verifier is not None:
        if not isinstance(verifier, Verifier):
            raise ValueError(f"verifier must be a Verifier, not {verifier!r}.")
        check_methods(source, verifier.allowed_methods)
        if trust is not None:
            raise InvalidOption("trust", "is the verifier's where there is one: Verifier(…, trust=…).")
        if verifier.rules.vouching is not None:
            check_delivers_certificate(source)
    if trust is not None:
        if not isinstance(trust, TrustStore):
            raise InvalidOption("trust", f"must be a TrustStore where there are no clients, not {trust!r}.")
        check_delivers_certificate(source)
    if tokens is not None:
        check_tokens(tokens)
        check_delivers_thumbprint(source)
