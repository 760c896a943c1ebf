"""The releases of OAuth Toolkit that these classes fit."""

from inspect import Parameter, signature
from typing import Any

from django.core.exceptions import ImproperlyConfigured

KNOWN = ("3.2", "3.3", "3.4")
"""The releases with which the tests have run."""
_HOOKS = {
    "OAuth2Validator": (
        "_authenticate_basic_auth", "_authenticate_request_body", "_get_token_from_authentication_server",
        "_load_application", "_load_id_token", "_save_bearer_token", "validate_bearer_token",
    ),
    "OAuthLibCore": ("_extract_params", "authenticate_client", "create_token_response", "extract_headers"),
}  # fmt: skip
"""Methods of OAuth Toolkit's classes that ours replace or call: without them ours would silently do nothing."""


def is_known(version: str) -> bool:
    """Return whether the tests have run with a version of OAuth Toolkit."""
    return ".".join(version.split(".")[:2]) in KNOWN


def check_fits(version: str, ours: type, theirs: type) -> None:
    """Check that OAuth Toolkit can call a class of ours as it calls its own.

    Args:
        version: the version of OAuth Toolkit.
        ours: the class that takes the place of its own.
        theirs: its own class.

    Raises:
        ImproperlyConfigured: If a method is missing, or takes other arguments than ours.
    """
    missing = [name for name in _HOOKS.get(theirs.__name__, ()) if not hasattr(theirs, name)]
    shared = {name for name in dir(ours) if not name.startswith("__") and callable(getattr(theirs, name, None))}
    misfits = sorted(name for name in shared if not _fits(getattr(ours, name), getattr(theirs, name)))
    if missing or misfits:
        raise ImproperlyConfigured(
            f"django_mtls.oauth_toolkit expected OAuth Toolkit {KNOWN[0]} to {KNOWN[-1]}, found {version}, where "
            f"{theirs.__name__}.{(missing + misfits)[0]} has changed. Install one of those releases, or a newer "
            "wsgi-mtls."
        )


def _fits(ours: Any, theirs: Any) -> bool:
    """Return whether a method of ours takes what OAuth Toolkit hands to its own."""
    given = signature(theirs).parameters.values()
    positional = [
        each.name for each in given if each.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    ]
    by_name = [each.name for each in given if each.kind is Parameter.KEYWORD_ONLY]
    try:
        signature(ours).bind(*positional, **dict.fromkeys(by_name))
    except TypeError:
        return False
    return True
