"""The way from nginx's header to the peer, and to a decision.

The certificate was never seen before.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import cycle

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from wsgi_mtls import Verifier, sources
from wsgi_mtls.x509 import Peer

from .certificates import LABELS, SUBJECT, Kind, distinct, escaped, leaf, nginx
from .comparing import Bar, Case, compare
from .effort import Effort
from .peers import PEERS
from .requests import CERT
from .tables import Table

FLOOR = "a dict hit of a fresh header"
PARSE = "fastapi-client-cert-auth"


def run(effort: Effort) -> Iterator[Table]:
    """Measure both kinds of key."""
    for kind, label in LABELS.items():
        yield Table(f"Header to peer, {label}", compare(_cases(kind), rounds=effort.rounds, slice_ms=effort.slice_ms))


def _cases(kind: Kind) -> list[Case]:
    source = sources.nginx(trusted_proxies=["127.0.0.1"])
    seen = nginx(leaf(kind).certificate.der).encode()
    known = {seen.decode(): 1}
    verifiers = {
        "SAN": Verifier({"alice": _pki("tls_client_auth_san_dns", "client.example.com")}),
        "subject DN": Verifier({"alice": _pki("tls_client_auth_subject_dn", SUBJECT)}),
    }

    def peer(header: bytes) -> Peer:
        found = source({"REMOTE_ADDR": "127.0.0.1", CERT: header.decode("latin-1")})
        assert found is not None
        return found

    def valid() -> object:
        return peer(seen).certificate.validity

    cases = [
        Case(FLOOR, lambda: known[seen.decode("latin-1")], "nothing"),
        Case(
            "ours, seen",
            valid,
            "the peer, its proxy's trust and its validity",
            bars=[Bar(FLOOR, 4, "Left: the tuple of values, the proxy's trust and two frames."), Bar(PARSE, 1 / 14)],
        ),
        Case(
            "ours, never seen, for a bound token",
            _with(peer, kind, lambda found: found.certificate.thumbprint),
            "DER and thumbprint",
            bars=[
                Bar(
                    PARSE,
                    0.6,
                    "Left: five replacements of what nginx escapes, a match of the pattern, strict base64 with a look "
                    "at its canonical form, and SHA-256. Tried: unquote, unquote_to_bytes and one pass of a regular "
                    "expression, which take longer.",
                )
            ],
        ),
    ]
    for name, most in (("SAN", 1.3), ("subject DN", 1.5)):
        decide = _with(peer, kind, partial(verifiers[name].authenticate, "alice"))
        stops = (
            "It also makes and reports a decision. The dearest part is the check that the certificate did not sign "
            "itself: one operation with its key, which for P-256 takes nearly as long as all that the other does. The "
            "names do not replace it, since a client chooses them. Tried: each structure is decoded once, by one call "
            "where it is of the usual form, nothing is encoded again, and the key is loaded once; with RSA, that took "
            "away 40 % of the instructions."
        )
        cases.append(
            Case(
                f"ours, never seen, PKI by {name}",
                decide,
                "an authenticated client",
                bars=[Bar("bare cryptography", most, stops)],
            )
        )
    cases.append(Case("the signature, under its own key", _signature(kind), "whether the certificate is self-signed"))
    for name, (read, yields) in PEERS.items():
        headers = cycle([escaped(der).encode() for der in distinct(kind)])
        cases.append(Case(name, partial(_read_next, read, headers), yields))
    return cases


def _with(peer: Callable[[bytes], Peer], kind: Kind, use: Callable[[Peer], object]) -> Callable[[], object]:
    headers = cycle([nginx(der).encode() for der in distinct(kind)])
    return lambda: use(peer(next(headers)))


def _signature(kind: Kind) -> Callable[[], object]:
    certificate = x509.load_der_x509_certificate(leaf(kind).certificate.der)
    key, octets, digest = (
        certificate.public_key(),
        certificate.tbs_certificate_bytes,
        certificate.signature_hash_algorithm,
    )
    assert digest is not None

    def verify() -> None:
        with suppress(InvalidSignature):
            if isinstance(key, rsa.RSAPublicKey):
                key.verify(certificate.signature, octets, padding.PKCS1v15(), digest)
            elif isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(certificate.signature, octets, ec.ECDSA(digest))

    return verify


def _read_next(read: Callable[[bytes], object], headers: Iterator[bytes]) -> object:
    return read(next(headers))


def _pki(member: str, value: str) -> dict[str, str]:
    return {"token_endpoint_auth_method": "tls_client_auth", member: value}
