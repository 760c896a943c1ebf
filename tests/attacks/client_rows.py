"""Rows about the certificate of a client, at every endpoint that authenticates clients."""

from .certificates import (
    BY_DN,
    BY_DNS,
    HOST,
    PKI,
    SELF_SIGNED,
    by_keys,
    foreign,
    of_another_key,
    own,
    with_second,
    without_x5c,
)
from .row import ENVIRON, FAILED, ClientRow, Refusal, Sent


def _client(reason: str) -> Refusal:
    return Refusal(401, "invalid_client", reason)


MISMATCH = _client("subject_mismatch")
NO_CERTIFICATE = _client("no_certificate")
NOT_REGISTERED = _client("certificate_not_registered")
IMPOSSIBLE = _client("invalid_client_metadata")


def _each(*certificates: str, verify: str = "SUCCESS") -> tuple[Sent, ...]:
    return tuple(Sent(certificate, verify) for certificate in certificates)


BY_ADDRESS = {**PKI, "tls_client_auth_san_ip": "192.0.2.1"}
BY_LONG_ADDRESS = {**PKI, "tls_client_auth_san_ip": "2001:0db8:0000:0000:0000:0000:0000:0007"}
SPELLINGS = [
    "CN=API Access,O=Agora",
    "cn=api  access,o=AGORA",
    "CN=#130A41504920416363657373,O=Agora",
    "CN=#0c0a61706920616363657373 , 2.5.4.10=agora",
    "/O=Agora/CN=API Access",
]
HOST_TWINS = _each("host", "host, other case, second")

NAMES = [
    ClientRow(number=4, name="another client's certificate", client=BY_DNS, attacks=_each("billing", "other"),
              expected=MISMATCH, accepted=HOST_TWINS),
    ClientRow(number=11, name="empty subject", attacks=_each("nameless"), expected=MISMATCH),
    ClientRow(number=12, name="DNS name elsewhere", client=BY_DNS, expected=MISMATCH, accepted=HOST_TWINS,
              attacks=_each("host as CN", "host in a URI", "host as a URI", "host as an address")),
    ClientRow(number=13, name="wildcard certificate", client=BY_DNS, attacks=_each("wildcard"), expected=MISMATCH,
              accepted=HOST_TWINS),
    ClientRow(number=14, name="NUL", client=BY_DNS, attacks=_each("NUL in the SAN", "NUL at the end of the CN"),
              expected=MISMATCH, accepted=HOST_TWINS),
    ClientRow(number=14, name="NUL in a DN", client={**PKI, "tls_client_auth_subject_dn": f"CN={HOST},O=b"},
              attacks=_each("NUL within the CN, b", "NUL after the CN, b", "NUL before the CN, b"), expected=MISMATCH,
              accepted=_each("host in organization b")),
    ClientRow(number=15, name="other RDNs", expected=MISMATCH,
              attacks=_each("certificate order", "one RDN more", "one RDN less", "one RDN twice", "multi-valued RDN",
                            "escaped comma")),
    ClientRow(number=15, name="order in a multi-valued RDN does not matter", attacks=_each("billing"),
              client={**PKI, "tls_client_auth_subject_dn": "CN=billing+O=Agora,C=SE"}, expected=MISMATCH,
              accepted=_each("multi-valued RDN", "multi-valued RDN, reverse")),
    ClientRow(number=16, name="other spelling", attacks=_each("one letter less"), expected=MISMATCH,
              client={**PKI, "tls_client_auth_subject_dn": "cn=#0c0762696c6c696e67 , o=agora, C=se"},
              accepted=_each("billing", "other spelling")),
    *(
        ClientRow(number=16, name=f"registered as {text}", attacks=_each("API Acces"), expected=MISMATCH,
                  client={**PKI, "tls_client_auth_subject_dn": text},
                  accepted=_each("API Access", "API Access, printable", "API Access, BMP"))
        for text in SPELLINGS
    ),
    ClientRow(number=17, name="IPv6 address in its long form", client=BY_LONG_ADDRESS, attacks=_each("IPv6 8"),
              expected=MISMATCH, accepted=_each("IPv6 7")),
    ClientRow(number=17, name="address of eight octets, or mapped", client=BY_ADDRESS, expected=MISMATCH,
              attacks=_each("IP of eight octets", "IPv4 in IPv6"), accepted=_each("IPv4")),
    ClientRow(number=19, name="critical SAN with an empty subject", client=BY_DNS, attacks=_each("nameless"),
              expected=MISMATCH, accepted=_each("nameless host")),
]  # fmt: skip

CHAINS = [
    ClientRow(number=1, name="no certificate", attacks=(Sent(None),), expected=NO_CERTIFICATE),
    ClientRow(number=7, name="self-signed", expected=_client("self_signed_certificate"),
              attacks=(*_each("self-signed", "self-issued, broken"), Sent("self-signed", FAILED))),
    ClientRow(number=8, name="another CA, or a leaf as a CA", expected=_client("chain_not_verified"),
              attacks=_each("another CA's", "namesake CA's", "a leaf's", verify=FAILED)),
    ClientRow(number=9, name="name on the intermediate", source=ENVIRON, attacks=_each("named intermediate's"),
              expected=MISMATCH, accepted=_each("intermediate's")),
    ClientRow(number=18, name="expired", attacks=_each("expired"), expected=_client("certificate_expired")),
    ClientRow(number=18, name="not yet valid", attacks=_each("not yet valid"),
              expected=_client("certificate_not_yet_valid")),
    ClientRow(number=18, name="another purpose", attacks=_each("for servers", "for any purpose"),
              expected=_client("not_for_client_auth"), accepted=_each("for both", "for no stated purpose")),
    ClientRow(number=18, name="unknown critical extension", attacks=_each("unknown critical", verify=FAILED),
              expected=_client("chain_not_verified"), accepted=_each("unknown uncritical")),
]  # fmt: skip

MOBILE_TWINS = (*_each("mobile", "mobile, same key", verify=FAILED), *_each("mobile", "mobile, same key"))
REGISTERED_CERTIFICATES = [
    ClientRow(number=20, name="self-signed, not registered", client=by_keys(own), expected=NOT_REGISTERED,
              attacks=(*_each("mobile, other key", "billing"), *_each("mobile, other key", verify=FAILED)),
              accepted=MOBILE_TWINS),
    ClientRow(number=20, name="no certificate", client=by_keys(own), attacks=(Sent(None),), expected=NO_CERTIFICATE,
              accepted=MOBILE_TWINS),
    ClientRow(number=21, name="second x5c", client=by_keys(with_second("mobile", "mobile, other key")),
              attacks=_each("mobile, other key", verify=FAILED), expected=NOT_REGISTERED, accepted=MOBILE_TWINS),
    ClientRow(number=21, name="key without x5c", client=by_keys(without_x5c, foreign), expected=NOT_REGISTERED,
              attacks=_each("mobile", verify=FAILED), accepted=_each("mobile, other key", verify=FAILED)),
]  # fmt: skip

_BOTH = _each("billing", "nameless")
REGISTRATIONS = [
    ClientRow(number=10, name="no subject value", client=PKI, right=BY_DN, attacks=_BOTH, expected=IMPOSSIBLE),
    ClientRow(number=10, name="two subject values", client={**BY_DN, "tls_client_auth_san_dns": HOST}, right=BY_DN,
              attacks=_BOTH, expected=IMPOSSIBLE),
    ClientRow(number=11, name="empty registered DN", client={**PKI, "tls_client_auth_subject_dn": ""}, right=BY_DN,
              attacks=_BOTH, expected=IMPOSSIBLE),
    ClientRow(number=13, name="registered wildcard", client={**PKI, "tls_client_auth_san_dns": "*.example.com"},
              right=BY_DNS, attacks=_each("host", "wildcard"), expected=IMPOSSIBLE, accepted=HOST_TWINS),
    ClientRow(number=14, name="registered NUL", client={**PKI, "tls_client_auth_subject_dn": r"CN=a\00,O=b"},
              right=BY_DN, attacks=_BOTH, expected=IMPOSSIBLE),
    ClientRow(number=21, name="no keys", client=SELF_SIGNED, right=by_keys(own), attacks=_each("mobile", "nameless"),
              expected=IMPOSSIBLE, accepted=_each("mobile")),
    ClientRow(number=21, name="no key but one without x5c", client=by_keys(without_x5c), right=by_keys(own),
              attacks=_each("mobile"), expected=IMPOSSIBLE, accepted=_each("mobile")),
    ClientRow(number=21, name="x5c of another key", client=by_keys(of_another_key), right=by_keys(own),
              attacks=_each("mobile", "mobile, other key"), expected=IMPOSSIBLE, accepted=_each("mobile")),
    ClientRow(number=40, name="binding that is not a boolean", right=BY_DN, attacks=_BOTH, expected=IMPOSSIBLE,
              client={**BY_DN, "tls_client_certificate_bound_access_tokens": "true"}),
]  # fmt: skip

CLIENT_ROWS = [*NAMES, *CHAINS, *REGISTERED_CERTIFICATES, *REGISTRATIONS]
