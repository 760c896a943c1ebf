"""The TLS terminators that may accept a certificate that no CA issued.

They report success for a certificate only because it is in their CA file.
"""

from .presets import PRESETS
from .proxies import GuardedHeaders
from .source import CertificateSource, EnvironSource, FirstOf


def may_accept_partial_chains(source: CertificateSource) -> bool:
    """Return whether a client's certificate in the CA file may pass as CA-issued.

    The terminator then takes it for one that a CA issued. Such a terminator looks at no signature of that certificate.
    Nothing is known of the programs behind ``mod_ssl()`` and behind a function of the operator's own, so they are not
    reported.
    """
    # OpenSSL accepts a partial chain only where a program sets X509_V_FLAG_PARTIAL_CHAIN. Go's crypto/x509 always
    # accepts it, Envoy sets the flag, Python does from 3.13 on, and what the clouds do is not documented.
    if isinstance(source, FirstOf):
        return any(map(may_accept_partial_chains, source.halves))
    if isinstance(source, GuardedHeaders):
        preset = PRESETS.get(source.label)
        return source.can_verify and (preset is None or preset.partial_chains == "yes")
    preset = PRESETS.get(source.label) if isinstance(source, EnvironSource) else None
    return preset is not None and preset.partial_chains == "python" and _python_accepts_them()


def _python_accepts_them() -> bool:
    # Imported here, since a server that embeds another build of Python cannot load this module (uWSGI of Debian, before
    # a virtual environment of one's own).
    import ssl

    return bool(ssl.create_default_context().verify_flags & ssl.VERIFY_X509_PARTIAL_CHAIN)
