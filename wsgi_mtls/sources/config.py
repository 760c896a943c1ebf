"""A certificate source from a settings file, and what its preset is known for."""

import ssl
from collections.abc import Callable, Mapping

from .preset import nearest
from .presets import OLD_NAMES, PRESETS
from .proxies import GuardedHeaders
from .source import CertificateSource, EnvironSource, FirstOf


def from_config(config: str | Mapping[str, object]) -> CertificateSource:
    """Make the source that a settings file names.

    Args:
        config: ``{"preset": "nginx", "trusted_proxies": ["127.0.0.1"]}``, with the preset's own options beside its
            name; or the name alone for a preset that needs no options.

    Raises:
        ValueError: If the preset is unknown, or if an option is unknown, missing, or has a value that it cannot have.
    """
    options = {"preset": config} if isinstance(config, str) else dict(config)
    name = options.pop("preset", None)
    make: Callable[..., CertificateSource] | None = None
    if isinstance(name, str):
        make = PRESETS.get(OLD_NAMES.get(name, name))
    if make is None:
        raise ValueError(f"Preset {name!r} is unknown{nearest(name, PRESETS)}; known are {', '.join(PRESETS)}.")
    try:
        return make(**options)
    except (TypeError, AttributeError) as error:
        raise ValueError(f"Preset {name}: an option has a value of the wrong type: {error}.") from error


def may_accept_partial_chains(source: CertificateSource) -> bool:
    """Return whether the terminator may take a client's certificate in its CA file for one that a CA issued.

    Such a terminator looks at no signature of that certificate. Nothing is known of the programs behind ``mod_ssl()``
    and behind a function of the operator's own, so they are not reported.
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
    return bool(ssl.create_default_context().verify_flags & ssl.VERIFY_X509_PARTIAL_CHAIN)
