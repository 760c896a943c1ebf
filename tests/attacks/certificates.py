"""The certificates of the table, by name: each is made once, when a row first asks for it."""

import ipaddress
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.x509.name import _ASN1Type as Tag
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wsgi_mtls import ClientCertificate
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import CLIENT_AUTH, SERVER_AUTH, KeyPair, Profile, make_ca, self_sign

DN, HOST = "CN=billing,O=Agora,C=SE", "rp.example.com"
NOW, DAY = datetime.now(UTC), timedelta(days=1)
EXPIRED = Profile(not_before=NOW - 2 * DAY, not_after=NOW - DAY)
ISSUING = Profile(ca=True, extended_key_usage=())
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")
EIGHT_OCTETS = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_network("192.0.2.1/32"))])


class Certificates(dict[str, KeyPair]):
    """The certificates that were asked for so far.

    Args:
        ca: The root CA that the terminator trusts.
    """

    def __init__(self, ca: KeyPair) -> None:
        super().__init__()
        self.ca = ca

    def __missing__(self, name: str) -> KeyPair:
        self[name] = made = RECIPES[name](self)
        return made


def _common_names(*values: str, organization: str | None = None, tag: Tag = Tag.UTF8String) -> x509.Name:
    """Return a subject of these common names, whatever characters they have."""
    outer = [] if organization is None else [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization, tag)]
    return x509.Name([*outer, *(x509.NameAttribute(NameOID.COMMON_NAME, value, tag) for value in values)])


def _printable() -> x509.Name:
    """Return ``DN`` in PrintableStrings, another case and another spacing."""
    return x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "SE"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "AGORA", Tag.PrintableString),
        x509.NameAttribute(NameOID.COMMON_NAME, " billing", Tag.PrintableString),
    ])  # fmt: skip


def _broken(pair: KeyPair) -> KeyPair:
    """Return the certificate with a signature that does not verify."""
    der = bytearray(pair.certificate.der)
    der[-1] ^= 1
    return KeyPair(ClientCertificate.from_der(bytes(der)), pair.key)


Recipe = Callable[[Certificates], KeyPair]


def _issued(subject: str | x509.Name, profile: Profile | None = None) -> Recipe:
    return lambda made: made.ca.issue(subject, profile)


def _named(**names: list[str]) -> Recipe:
    """Return the recipe of a certificate with these alternative names: ``dns=[…]``."""
    return _issued("CN=x", Profile(**{f"san_{kind}": values for kind, values in names.items()}))  # type: ignore[arg-type]


RECIPES: Mapping[str, Recipe] = {
    # Names
    "billing": _issued(DN),
    "billing renewed": _issued(DN),
    "billing, same key": lambda made: made.ca.issue(DN, Profile(key=made["billing"].key)),
    "other": _issued("CN=other", Profile(san_dns=["other.example.com"])),
    "host": _named(dns=[HOST]),
    "host, other case, second": _named(dns=["a.example", "RP.Example.com"]),
    "host as CN": _issued(f"CN={HOST}"),
    "host in a URI": _named(uri=[f"https://{HOST}"]),
    "host as a URI": _named(uri=[HOST]),
    "host as an address": _named(email=[HOST]),
    "wildcard": _named(dns=["*.example.com"]),
    "NUL in the SAN": _named(dns=[f"{HOST}\0.evil"]),
    "NUL at the end of the CN": _issued(_common_names(f"{HOST}\0")),
    "host in organization b": _issued(f"CN={HOST},O=b"),
    "NUL within the CN, b": _issued(_common_names(f"{HOST}\0.evil", organization="b")),
    "NUL after the CN, b": _issued(_common_names(f"{HOST}\0", organization="b")),
    "NUL before the CN, b": _issued(_common_names(f"\0{HOST}", organization="b")),
    "certificate order": _issued("C=SE,O=Agora,CN=billing"),
    "one RDN more": _issued(f"OU=x,{DN}"),
    "one RDN less": _issued("CN=billing,O=Agora"),
    "one RDN twice": _issued("CN=billing,O=Agora,O=Agora,C=SE"),
    "multi-valued RDN": _issued("CN=billing+O=Agora,C=SE"),
    "escaped comma": _issued(r"CN=billing\,O=Agora,C=SE"),
    "multi-valued RDN, reverse": _issued("O=Agora+CN=billing,C=SE"),
    "other spelling": _issued(_printable()),
    "one letter less": _issued("CN=billin,O=Agora,C=SE"),
    "API Access": _issued(_common_names("API Access", organization="Agora")),
    "API Access, printable": _issued(_common_names("API Access", organization="Agora", tag=Tag.PrintableString)),
    "API Access, BMP": _issued(_common_names("API Access", organization="Agora", tag=Tag.BMPString)),
    "API Acces": _issued("CN=API Acces,O=Agora"),
    "IPv6 7": _named(ip=["2001:db8::7"]),
    "IPv6 8": _named(ip=["2001:db8::8"]),
    "IPv4": _named(ip=["192.0.2.1"]),
    "IPv4 in IPv6": _named(ip=["::ffff:192.0.2.1"]),
    "IP of eight octets": _issued("CN=x", Profile(extensions=[(EIGHT_OCTETS, False)])),
    "nameless host": _issued("", Profile(san_dns=[HOST])),
    "nameless": _issued("", Profile(san_dns=["x.example"])),
    # Chains
    "self-signed": lambda made: self_sign(DN),
    "self-issued, broken": lambda made: _broken(self_sign(DN)),
    "another CA's": lambda made: make_ca("CN=Some CA").issue(DN),
    "namesake CA's": lambda made: make_ca(made.ca.certificate.subject).issue(DN),
    "a leaf's": lambda made: made.ca.issue("CN=a").issue(DN),
    "named intermediate's": lambda made: made.ca.issue(DN, ISSUING).issue("CN=other"),
    "intermediate's": lambda made: made.ca.issue("CN=Issuing CA", ISSUING).issue(DN),
    "expired": _issued(DN, EXPIRED),
    "not yet valid": _issued(DN, Profile(not_before=NOW + DAY)),
    "for servers": _issued(DN, Profile(extended_key_usage=SERVER_AUTH)),
    "for any purpose": _issued(DN, Profile(extended_key_usage=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])),
    "for both": _issued(DN, Profile(extended_key_usage=(*SERVER_AUTH, *CLIENT_AUTH))),
    "for no stated purpose": _issued(DN, Profile(extended_key_usage=())),
    "unknown critical": _issued(DN, Profile(extensions=[(UNKNOWN, True)])),
    "unknown uncritical": _issued(DN, Profile(extensions=[(UNKNOWN, False)])),
    # Self-signed clients
    "mobile": lambda made: self_sign("CN=mobile"),
    "mobile, other key": lambda made: self_sign("CN=mobile"),
    "mobile, same key": lambda made: self_sign("CN=mobile", Profile(key=made["mobile"].key)),
    "mobile, expired": lambda made: self_sign("CN=mobile", EXPIRED),
}

# What clients are registered with

PKI = {"token_endpoint_auth_method": "tls_client_auth"}
SELF_SIGNED = {"token_endpoint_auth_method": "self_signed_tls_client_auth"}
BY_DN = {**PKI, "tls_client_auth_subject_dn": DN}
BY_DNS = {**PKI, "tls_client_auth_san_dns": HOST}
OTHER = {**PKI, "tls_client_auth_san_dns": "other.example.com"}

Metadata = Mapping[str, object]
Registration = Metadata | Callable[[Certificates], Metadata]


def by_keys(*keys: Callable[[Certificates], object]) -> Registration:
    """Return the registration of a client with these JWKs."""
    return lambda made: {**SELF_SIGNED, "jwks": {"keys": [key(made) for key in keys]}}


def own(made: Certificates) -> dict[str, object]:
    """Return the JWK of ``mobile``."""
    return jwk(made["mobile"].certificate)


def foreign(made: Certificates) -> dict[str, object]:
    """Return the JWK of another certificate of the same name."""
    return jwk(made["mobile, other key"].certificate)


def without_x5c(made: Certificates) -> dict[str, object]:
    """Return the JWK of ``mobile`` without its certificate."""
    return {name: value for name, value in own(made).items() if name != "x5c"}


def of_another_key(made: Certificates) -> dict[str, object]:
    """Return a JWK whose first certificate has another key."""
    return {**foreign(made), "x5c": own(made)["x5c"]}


def with_second(first: str, second: str) -> Callable[[Certificates], object]:
    """Return the JWK of one certificate, with another one as its second ``x5c``."""

    def key(made: Certificates) -> dict[str, object]:
        one, two = (jwk(made[name].certificate) for name in (first, second))
        return {**one, "x5c": [*_texts(one["x5c"]), *_texts(two["x5c"])]}

    return key


def _texts(value: object) -> list[str]:
    assert isinstance(value, list)
    return value
