"""Rows about the headers that deliver a certificate, for clients, tokens and certificates alone."""

from collections.abc import Iterable

from .certificates import Certificates
from .row import (
    CADDY,
    CERT,
    INGRESS,
    JOINED,
    MOD_WSGI,
    NGINX,
    STRANGER,
    VERIFY,
    CertificateRow,
    ClientRow,
    Refusal,
    Row,
    Sent,
    Source,
    Spoil,
    TokenRow,
    escaped,
    keys_of,
    octets,
)


def _right(made: Certificates) -> str:
    return escaped(made["billing"])


def _evil(made: Certificates) -> str:
    return escaped(made["other"])


def _verify(value: str | None) -> Spoil:
    return lambda made: {VERIFY: value}


FROM_ELSEWHERE: dict[str, Spoil] = {
    "a stranger": lambda made: {"REMOTE_ADDR": STRANGER},
    "no address": lambda made: {"REMOTE_ADDR": ""},
    "two addresses": lambda made: {"REMOTE_ADDR": "192.0.2.1, 192.0.2.1"},
    "a stranger who names the proxy": lambda made: {"REMOTE_ADDR": STRANGER, "HTTP_X_FORWARDED_FOR": "192.0.2.1"},
}
NONE_AT_ALL: dict[str, Spoil] = {
    "(null)": lambda made: {CERT: "(null)", VERIFY: "NONE"},
    "a name instead": lambda made: {
        CERT: None, VERIFY: "NONE", "HTTP_X_SSL_CLIENT_S_DN": "/C=SE/O=Agora/CN=billing",
    },
    "the conventional host": lambda made: {CERT: "", VERIFY: "NONE"},
    "the conventional host, empty": lambda made: {CERT: "", VERIFY: ""},
    "the conventional host, no headers": lambda made: {CERT: None, VERIFY: None},
}  # fmt: skip
MALFORMED: dict[str, Spoil] = {
    "joined": lambda made: {CERT: f"{_evil(made)},{_right(made)}"},
    "joined, the right one first": lambda made: {CERT: f"{_right(made)}, {_evil(made)}"},
    "joined to itself": lambda made: {CERT: f"{_right(made)},{_right(made)}"},
    "two PEM blocks": lambda made: {CERT: _right(made) + _evil(made)},
    "two lines": lambda made: {CERT: f"{_right(made)}%0A{_evil(made)}"},
    "bad base64": lambda made: {CERT: _right(made).replace("MII", "M*I")},
    "cut off": lambda made: {CERT: _right(made)[:-40]},
    "plus as a space": lambda made: {CERT: _right(made).replace("%2B", "%20").replace("%2F", "%20")},
    "a CRL": lambda made: {CERT: _right(made).replace("CERTIFICATE", "X509 CRL")},
    "junk": lambda made: {CERT: "junk"},
    "not UTF-8": lambda made: {CERT: "%FF"},
}
NOT_VERIFIED: dict[str, Spoil] = {
    "FAILED": _verify("FAILED:unable to verify the first certificate"),
    "FAILED alone": _verify("FAILED"),
    "success": _verify("success"),
    "OK": _verify("OK"),
    "1": _verify("1"),
}
CONTRADICTORY: dict[str, Spoil] = {
    "NONE": _verify("NONE"),
    "absent": _verify(None),
    "empty": _verify(""),
    "joined status": _verify("NONE,SUCCESS"),
    "status twice": _verify("SUCCESS,SUCCESS"),
    "(null) that succeeded": lambda made: {CERT: "(null)"},
    "no certificate that succeeded": lambda made: {CERT: None},
}
# nginx's one header: what is wrong with the certificate, or with the status before it.
JOINED_MALFORMED: dict[str, Spoil] = {
    "joined": lambda made: {JOINED: f"SUCCESS {_evil(made)},{_right(made)}"},
    "two PEM blocks": lambda made: {JOINED: f"SUCCESS {_right(made)}{_evil(made)}"},
    "bad base64": lambda made: {JOINED: f"SUCCESS {_right(made).replace('MII', 'M*I')}"},
    "(null)": lambda made: {JOINED: "SUCCESS (null)"},
    "plus as a space": lambda made: {JOINED: f"SUCCESS {_right(made).replace('%2B', '%20').replace('%2F', '%20')}"},
}
JOINED_FAILED: dict[str, Spoil] = {
    "FAILED": lambda made: {JOINED: f"FAILED:unable to verify the first certificate {_right(made)}"},
}
JOINED_STATUS: dict[str, Spoil] = {
    "NONE": lambda made: {JOINED: f"NONE {_right(made)}"},
    "success": lambda made: {JOINED: f"success {_right(made)}"},
    "status joined": lambda made: {JOINED: f"NONE,SUCCESS {_right(made)}"},
    "joined whole": lambda made: {JOINED: f"SUCCESS {_right(made)},SUCCESS {_right(made)}"},
    "a certificate alone": lambda made: {JOINED: _right(made)},
    "a status alone": lambda made: {JOINED: "SUCCESS"},
    "in two headers": lambda made: {JOINED: _right(made), "HTTP_XCLIENTVERIFY": "SUCCESS"},
}
JOINED_NONE: dict[str, Spoil] = {
    "the conventional host": lambda made: {JOINED: "NONE"},
    "no header": lambda made: {JOINED: None},
    "a name instead": lambda made: {JOINED: None, "HTTP_X_SSL_CLIENT_S_DN": "/C=SE/O=Agora/CN=billing"},
}
ALIASES = ("HTTP_X_CLIENT_CERT", "HTTP_X_CLIENTCERT", "HTTP_XCLIENT_CERT")
"""The header without hyphens has no alias; these are what an attacker may try."""


def _alias(key: str) -> Spoil:
    return lambda made: {key: octets(made["billing"]), key.replace("CERT", "VERIFY"): "SUCCESS"}


def _sent(spoils: dict[str, Spoil], certificate: str | None = "billing") -> tuple[Sent, ...]:
    return tuple(Sent(certificate, spoil=spoil, label=label) for label, spoil in spoils.items())


_FORGED_ALIASES = {key: _alias(key) for key in ALIASES}
_RESUMED: dict[str, Spoil] = {
    "resumed": lambda made: {"SSL_SESSION_RESUMED": "Resumed"},
    "silent": lambda made: {"SSL_SESSION_RESUMED": None},
}
_OWN: dict[str, Spoil] = {"own": lambda made: {**keys_of(made["billing"])}}

# The row's number, what is tried, the requests, the reason, the source.
CASES: list[tuple[int, str, tuple[Sent, ...], str, Source]] = [
    (24, "untrusted peer", _sent(FROM_ELSEWHERE), "no_certificate", INGRESS),
    (25, "header that is not one certificate", _sent(MALFORMED), "malformed_certificate", INGRESS),
    (26, "status that is not success", _sent(NOT_VERIFIED), "chain_not_verified", INGRESS),
    (26, "status that contradicts", _sent(CONTRADICTORY), "contradictory_status", INGRESS),
    (26, "session that may be resumed", _sent(_RESUMED), "chain_not_verified", MOD_WSGI),
    (45, "alias of the header without a certificate", _sent(_FORGED_ALIASES, None), "no_certificate", CADDY),
    (46, "header that says that there is none", _sent(NONE_AT_ALL), "no_certificate", INGRESS),
    (47, "the proxy's own certificate", _sent(_OWN, None), "no_certificate", NGINX),
    (24, "untrusted peer, one header", _sent(FROM_ELSEWHERE), "no_certificate", NGINX),
    (25, "one header that is not one certificate", _sent(JOINED_MALFORMED), "malformed_certificate", NGINX),
    (26, "one header that reports a failure", _sent(JOINED_FAILED), "chain_not_verified", NGINX),
    (54, "one header whose halves do not fit", _sent(JOINED_STATUS), "contradictory_status", NGINX),
    (46, "one header that says that there is none", _sent(JOINED_NONE), "no_certificate", NGINX),
]
_ALIAS_BESIDE = (45, "alias of the header beside another certificate", _sent(_FORGED_ALIASES, "other"), CADDY)


def _twins(number: int) -> tuple[Sent, ...]:
    """Return the accepted twins: a server with an IPv6 socket writes a trusted proxy's IPv4 address in another way."""
    mapped = Sent(spoil=lambda made: {"REMOTE_ADDR": "::ffff:192.0.2.1"}, label="mapped address")
    return (Sent(), mapped) if number == 24 else (Sent(),)


def _client_rows() -> Iterable[Row]:
    for number, name, attacks, reason, source in CASES:
        answer = (400, "invalid_request") if reason == "malformed_certificate" else (401, "invalid_client")
        yield ClientRow(number=number, name=f"client: {name}", attacks=attacks, source=source,
                        accepted=_twins(number), expected=Refusal(*answer, reason))  # fmt: skip
    number, name, attacks, source = _ALIAS_BESIDE
    yield ClientRow(number=number, name=f"client: {name}", attacks=attacks, source=source,
                    expected=Refusal(401, "invalid_client", "subject_mismatch"))  # fmt: skip


def _token_rows() -> Iterable[Row]:
    reasons = {"no_certificate": "token_without_certificate"}
    of_library = Refusal(401, "invalid_token", "malformed_certificate")
    for number, name, attacks, reason, source in CASES:
        if reason == "chain_not_verified":  # the chain does not matter to a token: row 33
            continue
        malformed = reason == "malformed_certificate"
        answer = (400, "invalid_request") if malformed else (401, "invalid_token")
        yield TokenRow(number=number, name=f"token: {name}", attacks=attacks, source=source, accepted=_twins(number),
                       expected=Refusal(*answer, reasons.get(reason, reason)),
                       # These libraries know no other refusal of a token.
                       apart={"authlib": of_library, "oauth_toolkit": of_library} if malformed else {})  # fmt: skip
    number, name, attacks, source = _ALIAS_BESIDE
    yield TokenRow(number=number, name=f"token: {name}", attacks=attacks, source=source,
                   expected=Refusal(401, "invalid_token", "confirmation_mismatch"))  # fmt: skip


def _certificate_rows() -> Iterable[Row]:
    for number, name, attacks, reason, source in CASES:
        answer = (400, "invalid_request") if reason == "malformed_certificate" else (401, "invalid_client")
        yield CertificateRow(number=number, name=f"certificate: {name}", attacks=attacks, source=source,
                             accepted=_twins(number), expected=Refusal(*answer, reason),
                             apart=at_rest_framework(reason))  # fmt: skip


def at_rest_framework(reason: str) -> dict[str, Refusal]:
    """Return REST framework's refusal of a certificate: 403, since mutual TLS has no scheme to challenge with.

    It reports nothing of a request without a certificate, which it leaves to the view's other classes.
    """
    return {"drf": Refusal(403, None, None if reason == "no_certificate" else reason)}


HEADER_ROWS: list[Row] = [*_client_rows(), *_token_rows(), *_certificate_rows()]
