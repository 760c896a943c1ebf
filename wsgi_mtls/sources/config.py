"""A certificate source from a settings file."""

from collections.abc import Callable, Mapping

from .preset import nearest
from .presets import OLD_NAMES, PRESETS
from .source import CertificateSource


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
