"""Advice to the operator about a certificate that did not arrive.

It goes as far as the source shows the cause.
"""

from typing import TYPE_CHECKING

from ..errors import MutualTLSError, quoted
from ..events import DROPPED
from .addresses import UNIX_SOCKET
from .directives import Directives, of
from .proxies import GuardedHeaders, reported_address
from .source import CertificateSource, EnvironSource, FirstOf

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_ABSENT = frozenset({"no_certificate", "token_without_certificate", "certificate_required"})
_CONTRADICTS = frozenset({"contradictory_status"})
_MALFORMED = frozenset({"malformed_certificate"})
_STATUS = "SSL_CLIENT_VERIFY"
_WITH_STATUS = frozenset({"mod_ssl", "mod_wsgi", "cheroot"})


def advice(source: CertificateSource, environ: "WSGIEnvironment", error: MutualTLSError) -> str:
    """Return what to change so that a certificate arrives.

    The text is empty if the source has no advice.

    Args:
        source: what was asked for the certificate.
        environ: the request, after the source was asked.
        error: the refusal.
    """
    while isinstance(source, FirstOf):
        first, second = source.halves
        source = first if isinstance(first, GuardedHeaders) and first.trusts(environ) else second
    if error.reason not in _ABSENT | _CONTRADICTS | _MALFORMED:
        return ""
    if isinstance(source, GuardedHeaders):
        if error.reason in _MALFORMED:
            return _of_form(source, environ)
        return _of_headers(source, environ, error.reason)
    if isinstance(source, EnvironSource) and error.reason in _ABSENT:
        return _of_server(source.label, environ)
    return ""


def _of_headers(source: GuardedHeaders, environ: "WSGIEnvironment", reason: str) -> str:
    own, came = of(source.label), source.came(environ)
    missing = tuple(name for name in source.announced if name not in came)
    if reason == "contradictory_status":
        return f"{own.terminator} sends it by {own.sets(missing or source.announced)}" if came else ""
    if not source.trusts(environ):
        return _untrusted(source, environ)
    if not source.statuses:
        return "" if source.announced[0] in came else _one_of_three(own, source.announced)
    if not came:
        return (
            f"{_nor(missing)} came, which {own.terminator} sends on every request: set {own.sets(missing)} wherever it "
            "proxies to this application, or name the header that it sends (certificate_header)."
        )
    for status, values in source.statuses.items():
        if (reported := came.get(status, "").rstrip(" ")) in values:
            return (
                f"{own.terminator} reports {quoted(reported)} in {status}: the client sent no certificate, or "
                f"{own.terminator} did not ask for one. It asks where {own.asks.rstrip(';')} is set."
            )
    return f"{_and(tuple(came))} came, and {_and(missing)} did not: set {own.sets(missing)}" if missing else ""


def _of_form(source: GuardedHeaders, environ: "WSGIEnvironment") -> str:
    own, came = of(source.label), source.came(environ)
    if (name := source.announced[0]) not in came:
        return ""
    return (
        f"If this happens with every certificate, {name} does not have the form that the source {source.label} reads: "
        f"name the preset of your terminator, or correct {own.sets((name,)).rstrip(';')}."
    )


def _one_of_three(own: Directives, names: tuple[str, ...]) -> str:
    return (
        f"{_and(names)} did not come: the client sent no certificate, or {own.terminator} did not ask for one "
        f"({own.asks}), or does not send the header ({own.sets(names)})."
    )


def _untrusted(source: GuardedHeaders, environ: "WSGIEnvironment") -> str:
    if environ.get(DROPPED):
        return "A header came and was dropped: the line untrusted_proxy of this request names what to change."
    peer = _peer(reported_address(environ))
    return (
        f"{_nor(source.announced)} came, and {peer} is not in trusted_proxies: the request did not pass "
        f"{of(source.label).terminator}, or trusted_proxies lacks its address."
    )


def _peer(address: object) -> str:
    if not isinstance(address, str):
        return "a peer without an address"
    return 'a Unix socket ("unix")' if address in UNIX_SOCKET else quoted(address)


def _of_server(label: str, environ: "WSGIEnvironment") -> str:
    own = of(label)
    if label in _WITH_STATUS and not environ.get(_STATUS):
        return f"{_STATUS} did not come: set {own.sends}, or {own.terminator} does not end TLS here."
    reported = f"{own.terminator} reports {quoted(str(environ[_STATUS]))}: t" if environ.get(_STATUS) else "T"
    return f"{reported}he client sent no certificate, or {own.terminator} did not ask for one ({own.asks})."


def _and(names: tuple[str, ...]) -> str:
    return " and ".join(names)


def _nor(names: tuple[str, ...]) -> str:
    return f"No {names[0]}" if len(names) == 1 else f"Neither {' nor '.join(names)}"
