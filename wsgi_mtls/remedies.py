"""The remedies for a refused certificate, for the operator.

They are made only where a refusal is logged.
"""

from collections.abc import Sequence

from .clients import SubjectValue
from .clients.subject import TEXTS
from .errors import BadCertificate, quoted
from .sources.directives import Directives, of
from .sources.header_preset import HeaderPreset
from .sources.presets import PRESETS
from .sources.uri_preset import UriPreset
from .trust.terminator import UNKNOWN_ISSUER
from .x509 import SUBJECT_KINDS, ClientCertificate, PeerCertificate, PeerSubject, SubjectKind

_MOST = 10
_TRUST_STORE = "or validate here, with a trust store (docs/trust.md)."
_DEPTH = frozenset({"certificate chain too long", "22"})


def not_verified(peer: PeerCertificate | PeerSubject) -> str:
    """Return what to change so that a certificate's chain counts as validated."""
    if peer.source == "explain":
        return f"No terminator was asked: add --verified to assume that yours reports success, {_TRUST_STORE}"
    own, words = of(peer.source), peer.status if isinstance(peer, PeerCertificate) else ""
    if words:
        return f"{own.terminator} reports {quoted(words)}: {_about(words, own)}, {_TRUST_STORE}"
    preset = PRESETS.get(peer.source)
    if isinstance(preset, HeaderPreset | UriPreset) and "terminator_verifies" in preset.options:
        return (
            f"The source {peer.source} can never verify as it is set, since {own.terminator} sends no status: set "
            f"terminator_verifies=True, if {own.terminator} rejects what it cannot validate"
            f"{f' ({own.rejects})' if own.rejects else ''}, {_TRUST_STORE}"
        )
    if preset is not None:
        return f"{own.terminator} validates nothing here: check {own.bundle}, {_TRUST_STORE}"
    source = quoted(peer.source) if peer.source else "The source"
    return f"{source} has no status, or is set to verified=False: set verified= to what reports it, {_TRUST_STORE}"


def _about(words: str, own: Directives) -> str:
    text = words.removeprefix("FAILED:").removeprefix("1 ").removesuffix(" Initial").removesuffix(" Resumed")
    if words.endswith("Resumed") or words == "SUCCESS":
        return (
            "a resumed TLS session does not count, so switch sessions off (SSLSessionCache none, SSLSessionTickets off)"
        )
    if text in UNKNOWN_ISSUER or text == "GENEROUS":
        return f"add the client's CA, and its intermediates, to {own.bundle}"
    if text in _DEPTH:
        return f"raise the depth to which {own.terminator} validates"
    return f"have a certificate issued that {own.terminator} accepts by {own.bundle}"


def other_names(expected: SubjectValue | None, certificate: ClientCertificate) -> str:
    """Return the expected name, the certificate's names, and what to change."""
    if expected is None:
        return "The client is registered by no name."
    texts = {expected.kind: _texts(expected.kind, certificate)}
    if not texts[expected.kind]:  # then it was probably registered by another kind of name
        texts |= {kind: names for kind in SUBJECT_KINDS if (names := _texts(kind, certificate))}
    found = "; ".join(f"{kind} {_listed(names)}" for kind, names in texts.items())
    return f"Expected {expected.kind} {quoted(expected.value)}, found {found}: {_remedy(expected, certificate)}"


def other_names_forwarded(expected: SubjectValue | None, peer: PeerSubject) -> str:
    """Return the expected name, the forwarded names, and what to change."""
    wanted = f"{expected.kind} {quoted(expected.value)}" if expected else "no name, since none is registered"
    return (
        f"Expected {wanted}, found {peer.kind} {_listed(peer.values)} from {of(peer.source).terminator}: register the "
        "name that it forwards, or have the certificate issued with this one."
    )


def _remedy(expected: SubjectValue, certificate: ClientCertificate) -> str:
    opposite = expected.opposite
    if opposite is not None and opposite.matches(certificate):
        return f"its RDNs are the same in the opposite order, so register {quoted(opposite.value)}."
    return "have one issued with this name, or register another."


def _texts(kind: SubjectKind, certificate: ClientCertificate) -> Sequence[str]:
    try:
        return TEXTS[kind](certificate)
    except BadCertificate:  # of a kind that the decision did not read
        return ()


def _listed(texts: Sequence[str]) -> str:
    listed = ", ".join(quoted(text, 100) for text in texts[:_MOST])
    return f"{listed} and {len(texts) - _MOST} more ({len(texts)} in all)" if len(texts) > _MOST else listed or "none"
