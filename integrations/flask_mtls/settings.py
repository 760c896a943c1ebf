"""The ``MTLS_*`` settings: read once for each app, and refused with their name and the remedy."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from flask import Flask, current_app

from wsgi_mtls import ClientRegistry, Verifier, sources
from wsgi_mtls.bearer import check_challenge
from wsgi_mtls.client_auth import MAX_BODY
from wsgi_mtls.clients import load_clients
from wsgi_mtls.responses import VERBOSITIES, Verbosity
from wsgi_mtls.sources import CertificateSource
from wsgi_mtls.tokens import AccessTokens

SETTINGS: dict[str, str] = {
    "MTLS_SOURCE": "where the certificate stands: a preset's name, {'preset': name, **options}, or a callable",
    "MTLS_TRUSTED_PROXIES": "the addresses and networks from which a certificate header is believed",
    "MTLS_CLIENTS": "client_id to metadata: a mapping, the path of a .json or .toml file, or a registry",
    "MTLS_ALLOWED_METHODS": "the authentication methods that this server offers",
    "MTLS_SELF_SIGNED_MATCH": "what of a self-signed certificate must be registered: public_key or certificate",
    "MTLS_TOKENS": "what decodes access tokens: an object with decode(token)",
    "MTLS_REALM": "the realm that an API names in WWW-Authenticate",
    "MTLS_VERBOSITY": "what a refusal tells: minimal, normal or debug",
    "MTLS_MAX_BODY": "the longest body of a token request, in octets",
}
"""Every setting, and what it means."""

_VERIFIER_OPTIONS = {"MTLS_ALLOWED_METHODS": "allowed_methods", "MTLS_SELF_SIGNED_MATCH": "self_signed_match"}

Clients = ClientRegistry | Mapping[str, Any] | str | Path
Source = CertificateSource | Mapping[str, Any] | str


class InvalidSetting(ValueError):
    """A setting has a value that it can't have; the message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class MutualTLSState:
    """What one app is configured for, ``app.extensions["mtls"]``; what is not configured is None."""

    source: CertificateSource
    verifier: Verifier | None
    tokens: AccessTokens | None
    realm: str | None
    verbosity: Verbosity
    max_body: int


def current_state() -> MutualTLSState:
    """Return what the current app is configured for.

    Raises:
        RuntimeError: it has no extension.
    """
    state = current_app.extensions.get("mtls")
    if not isinstance(state, MutualTLSState):
        raise RuntimeError("This app has no MutualTLS: call MutualTLS(app) or init_app(app).")
    return state


def read_settings(app: Flask, verifier: Verifier | None) -> MutualTLSState:
    """Read and check an app's settings; ``verifier`` stands where they name no clients.

    Raises:
        InvalidSetting: one of them is wrong.
        ImportError: one of them needs an extra that is not installed.
    """
    config = {name: value for name in SETTINGS if (value := app.config.get(name)) is not None}
    realm, tokens = config.get("MTLS_REALM"), config.get("MTLS_TOKENS")
    verbosity, max_body = config.get("MTLS_VERBOSITY", "normal"), config.get("MTLS_MAX_BODY", MAX_BODY)
    if verbosity not in VERBOSITIES:
        raise InvalidSetting(f"MTLS_VERBOSITY is {verbosity!r}: use one of {', '.join(VERBOSITIES)}.")
    if type(max_body) is not int or max_body < 1:
        raise InvalidSetting(f"MTLS_MAX_BODY is {max_body!r}: give a number of octets, such as {MAX_BODY}.")
    if tokens is not None and not callable(getattr(tokens, "decode", None)):
        raise InvalidSetting(f"MTLS_TOKENS is {tokens!r}: give an object with decode(token), as JWTAccessTokens.")
    try:
        check_challenge(realm, None)
    except (ValueError, TypeError) as error:
        raise InvalidSetting(f"MTLS_REALM is {realm!r}: {error}") from error
    source, verifier = _source(config), _verifier(app, config, verifier)
    try:
        if verifier is not None:
            sources.check_methods(source, verifier.allowed_methods)
        if tokens is not None:
            sources.check_delivers_certificate(source)
    except ValueError as error:
        raise InvalidSetting(f"MTLS_SOURCE: {error}") from error
    return MutualTLSState(source, verifier, tokens, realm, verbosity, max_body)


def misspelt(config: Iterable[str]) -> list[str]:
    """Return a line for each setting that nobody knows and that looks like one of ours."""
    near = {
        name: get_close_matches(name, SETTINGS, 1, 0.75)
        for name in config
        if name.startswith("MTLS_") and name not in SETTINGS
    }
    return [f"{name} is no setting; is {found[0]} meant?" for name, found in near.items() if found]


def _source(config: Mapping[str, Any]) -> CertificateSource:
    given: Source | None = config.get("MTLS_SOURCE")
    proxies = {"trusted_proxies": config["MTLS_TRUSTED_PROXIES"]} if "MTLS_TRUSTED_PROXIES" in config else {}
    if given is None:
        raise InvalidSetting('MTLS_SOURCE is missing: name what ends TLS in front of this app, such as "nginx".')
    if proxies and (callable(given) or (isinstance(given, Mapping) and "trusted_proxies" in given)):
        raise InvalidSetting("MTLS_TRUSTED_PROXIES is for a MTLS_SOURCE that names none itself: remove one of them.")
    if callable(given):
        return given
    if not isinstance(given, str | Mapping):
        raise InvalidSetting(f"MTLS_SOURCE is {given!r}: give a preset's name, a dict or a callable.")
    try:
        return sources.from_config({**({"preset": given} if isinstance(given, str) else given), **proxies})
    except (ValueError, TypeError) as error:
        raise InvalidSetting(f"MTLS_SOURCE or MTLS_TRUSTED_PROXIES: {error}") from error


def _verifier(app: Flask, config: Mapping[str, Any], given: Verifier | None) -> Verifier | None:
    options = {option: config[name] for name, option in _VERIFIER_OPTIONS.items() if name in config}
    if "MTLS_CLIENTS" not in config:
        if options:
            raise InvalidSetting(f"{' and '.join(_VERIFIER_OPTIONS)} do nothing without MTLS_CLIENTS.")
        return given
    clients = config["MTLS_CLIENTS"]
    try:
        if isinstance(clients, str | Path):
            clients = load_clients(Path(app.root_path, clients))
        if not callable(getattr(clients, "get", None)):
            raise TypeError("give a mapping, a path, or a registry with get(client_id).")
        return Verifier(clients, **options)
    except (OSError, ValueError, TypeError) as error:
        raise InvalidSetting(f"{', '.join(('MTLS_CLIENTS', *_VERIFIER_OPTIONS))}: {error}") from error
