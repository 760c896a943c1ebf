"""Findings for people: each check with what was expected and found."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from . import checks
from .clients import Client, SubjectValue
from .errors import MutualTLSError, UntrustedPath
from .trust import TrustStore
from .trust.authority import pins_of
from .trust.facts import read
from .trust.requirements import check_client
from .verifier import Verifier
from .x509 import ClientCertificate, PeerCertificate
from .x509.differences import differences

Outcome = Literal["passed", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check.

    Attributes:
        check: its stable name: ``validity``, ``chain``, ``subject``, …
        outcome: ``passed`` or ``failed``.
        expected: what it demands.
        found: what the certificate, the client or the store has.
        reason: the reason of the refusal; empty if it passed.
    """

    check: str
    outcome: Outcome
    expected: str
    found: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One certificate of the path.

    Attributes:
        subject: RFC 4514 text.
        issuer: RFC 4514 text.
        not_after: the last moment of validity.
        pins: by what ``tls_client_auth_issuer`` may name it, if it is a CA's.
    """

    subject: str
    issuer: str
    not_after: datetime
    pins: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The decision that a verifier would make about a certificate, with its reasons.

    Attributes:
        accepted: the decision.
        reason: the reason of the refusal; empty if it is accepted.
        path: the certificates from the client's up to a trusted root; what was sent, if no such path exists.
        findings: the checks, in the order in which the verifier makes them.
    """

    accepted: bool
    reason: str
    path: tuple[Step, ...]
    findings: tuple[Finding, ...]


def explain(verifier: Verifier, peer: PeerCertificate, client_id: str | None = None) -> Explanation:
    """Make every check of the verifier, also after the first that fails.

    Nothing is reported.

    Args:
        verifier: knows the clients and the trust store.
        peer: what a client would present.
        client_id: the client that it would name; None for plain mutual TLS.
    """
    findings: list[Finding] = []
    client: Client | None = None
    if client_id is not None:
        try:
            client = verifier.client(client_id)
        except MutualTLSError as error:
            findings.append(_failed("client", "a registered client", error))
    findings += _findings(verifier, peer, client)
    reason = _reason(verifier, peer, client_id)
    return Explanation(accepted=not reason, reason=reason, path=_path(verifier, peer, client), findings=tuple(findings))


def _reason(verifier: Verifier, peer: PeerCertificate, client_id: str | None) -> str:
    try:
        if client_id is None:
            verifier.rules.check_certificate(peer)
        else:
            verifier.rules.authenticate(client_id, peer)
    except MutualTLSError as error:
        return error.reason
    return ""


def _findings(verifier: Verifier, peer: PeerCertificate, client: Client | None) -> Iterator[Finding]:
    certificate = peer.certificate
    yield _made(
        "validity",
        f"a period around {verifier.rules.clock():%F %T %Z}",
        _text(lambda: f"{certificate.not_before} to {certificate.not_after}"),
        lambda: checks.check_validity(certificate, verifier.rules.clock()),
    )
    if client is not None:
        registered = client.token_endpoint_auth_method or "none, so that the certificate decides"
        allowed = " or ".join(sorted(verifier.allowed_methods))
        yield _made("method", allowed, registered, lambda: verifier.rules.method_of(client, certificate))
    if client is not None and _is_self_signed(verifier, client, certificate):
        yield _made(
            "registered",
            f"one of {len(client.certificates)} registered certificates, or the key of one",
            certificate.thumbprint,
            lambda: verifier.rules.check_self_signed(client, certificate),
        )
    else:
        yield from _pki_findings(verifier, peer, client)


def _is_self_signed(verifier: Verifier, client: Client, certificate: ClientCertificate) -> bool:
    try:
        return verifier.rules.method_of(client, certificate) == "self_signed_tls_client_auth"
    except MutualTLSError:
        return client.token_endpoint_auth_method == "self_signed_tls_client_auth"


def _pki_findings(verifier: Verifier, peer: PeerCertificate, client: Client | None) -> Iterator[Finding]:
    certificate = peer.certificate
    issuer = f"issued by {_text(lambda: certificate.issuer)!r}"
    yield _made("not_self_signed", "issued by a CA", issuer, lambda: checks.check_not_self_signed(certificate))
    yield _made(
        "chain",
        _who_vouches(verifier, client),
        issuer,
        lambda: checks.check_vouched(peer, verifier.rules.vouching, client, verifier.rules.own_time()),
    )
    yield _made(
        "purpose", "clientAuth, digitalSignature, CA:FALSE", "allowed", lambda: check_client(read(certificate.der))
    )
    yield _made(
        "not_registered_as_self_signed",
        "a key that no self-signed client has registered",
        certificate.thumbprint,
        lambda: verifier.rules.check_not_registered_as_self_signed(certificate),
    )
    if client is not None and client.subject_value is not None:
        yield _subject(client.subject_value, certificate)


def _who_vouches(verifier: Verifier, client: Client | None) -> str:
    """Return the CAs of which one has to have issued the certificate."""
    store = _store(verifier, client)
    if store is None:
        return "the TLS terminator's success"
    pins = client.tls_client_auth_issuer if client is not None else ()
    found = [own for own in store.state().authorities if not pins or own.pins & set(pins)]
    texts = [repr(ClientCertificate.from_der(own.der).subject) for own in found]
    if pins and not texts:
        return f"a CA that is not in the trust store: {', '.join(pins)}"
    return "a path to " + " or ".join(texts[:10]) + (f" or {len(texts) - 10} more" if len(texts) > 10 else "")


def _subject(expected: SubjectValue, certificate: ClientCertificate) -> Finding:
    found = {
        "tls_client_auth_subject_dn": lambda: certificate.subject,
        "tls_client_auth_san_dns": lambda: ", ".join(certificate.san_dns),
        "tls_client_auth_san_uri": lambda: ", ".join(certificate.san_uri),
        "tls_client_auth_san_ip": lambda: ", ".join(map(str, certificate.san_ip)),
        "tls_client_auth_san_email": lambda: ", ".join(certificate.san_email),
    }[expected.kind]
    text = _text(found) or "none"
    try:
        passed = expected.matches(certificate)
        if not passed and expected.kind == "tls_client_auth_subject_dn":
            text += "; " + "; ".join(differences(expected.value, certificate))
    except MutualTLSError as error:
        return _failed("subject", f"{expected.kind} {expected.value!r}", error)
    return Finding(
        check="subject",
        outcome="passed" if passed else "failed",
        expected=f"{expected.kind} {expected.value!r}",
        found=text,
        reason="" if passed else "subject_mismatch",
    )


def _path(verifier: Verifier, peer: PeerCertificate, client: Client | None) -> tuple[Step, ...]:
    store = _store(verifier, client)
    ders = (peer.certificate.der, *(hint.der for hint in peer.chain))
    issuers = client.tls_client_auth_issuer if client is not None else ()
    try:
        if store is not None:
            ders = store.validate(peer, verifier.rules.own_time(), issuers=issuers).certificates
    except UntrustedPath:
        pass
    steps = []
    for position, der in enumerate(ders):
        one = ClientCertificate.from_der(der)
        try:
            pins = tuple(sorted(pins_of(der))) if position else ()
            steps.append(Step(subject=one.subject, issuer=one.issuer, not_after=one.not_after, pins=pins))
        except MutualTLSError:
            continue
    return tuple(steps)


def _store(verifier: Verifier, client: Client | None) -> TrustStore | None:
    vouching = verifier.rules.vouching
    try:
        return vouching.store_of(client) if vouching is not None else None
    except MutualTLSError:
        return None


def _made(check: str, expected: str, found: str, make: Callable[[], object]) -> Finding:
    try:
        make()
    except MutualTLSError as error:
        return _failed(check, expected, error)
    return Finding(check=check, outcome="passed", expected=expected, found=found)


def _failed(check: str, expected: str, error: MutualTLSError) -> Finding:
    return Finding(check=check, outcome="failed", expected=expected, found=error.detail, reason=error.reason)


def _text(make: Callable[[], str]) -> str:
    try:
        return make()
    except MutualTLSError as error:
        return error.detail
