"""The endpoints of a server at which clients use mutual TLS.

``mtls_endpoint_aliases`` has them (RFC 8705 section 5).
"""

from collections.abc import Mapping

from .errors import InvalidServerMetadata
from .metadata_checks import ALIASES, FOR_BROWSERS, check_identifier

# Clients authenticate here, so that those of mutual TLS would be lost without an alias: RFC 8414, RFC 9126, RFC 8628,
# CIBA.
_AUTHENTICATED = frozenset({
    *("token_endpoint", "revocation_endpoint", "introspection_endpoint"),
    *("pushed_authorization_request_endpoint", "device_authorization_endpoint", "backchannel_authentication_endpoint"),
})  # fmt: skip


def aliases(base: str, mtls_base: str, urls: Mapping[str, str], given: object) -> dict[str, object]:
    """Return where clients find the endpoints with mutual TLS.

    Args:
        base: the issuer.
        mtls_base: where they are with mutual TLS.
        urls: of the endpoints, by name.
        given: the aliases that the operator gave, which go before.

    Raises:
        InvalidServerMetadata: If an endpoint at which clients authenticate would have no alias.
    """
    check_identifier("mtls_base", mtls_base)
    if not isinstance(given, Mapping):
        raise InvalidServerMetadata(f"{ALIASES} must be an object.")
    found: dict[str, object] = {}
    for name, url in urls.items():
        alias = None if name in FOR_BROWSERS or name in given else _alias(url, base, mtls_base)
        if alias is not None:
            found[name] = alias
        elif name in _AUTHENTICATED and name not in given:
            raise InvalidServerMetadata(
                f"{name} is not below {base}, so mtls_base does not show where it has mutual TLS: "
                f"give it in {ALIASES}, or as a path."
            )
    return found | dict(given)


def _alias(url: str, base: str, mtls_base: str) -> str | None:
    # The longer first: one may lie below the other.
    for start in sorted((base.rstrip("/"), mtls_base.rstrip("/")), key=len, reverse=True):
        if url.startswith(f"{start}/"):
            return mtls_base.rstrip("/") + url.removeprefix(start)
    return None
