"""The demo's clients and requests, with the expected answers.

RFC 8705 section 2 says what is expected.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ..jwks import jwk
from ..testing import KeyPair, Profile, make_ca, self_sign

ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Row:
    """One request.

    Attributes:
        title: what is tried.
        client_id: the client that the request claims to come from.
        pair: the certificate and key that it is made with, or None.
        expected: ``accepted``, or the reason of the refusal.
        form: the other fields of the body.
    """

    title: str
    client_id: str
    pair: KeyPair | None
    expected: str
    form: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A CA that the server trusts, registered clients, and requests.

    Attributes:
        ca: the CA.
        clients: ``client_id`` to registered metadata.
        rows: the requests.
    """

    ca: KeyPair
    clients: Mapping[str, Mapping[str, object]]
    rows: tuple[Row, ...]


def make_scenario() -> Scenario:
    """Make everything anew."""
    ca = make_ca("CN=wsgi-mtls demo CA")
    issuing = ca.issue("CN=wsgi-mtls demo issuing CA", Profile(ca=True, extended_key_usage=()))
    mobile = self_sign("CN=mobile")
    clients: dict[str, dict[str, object]] = {
        "billing": _pki(tls_client_auth_subject_dn="CN=billing,O=Agora,C=SE"),
        "by-dns": _pki(tls_client_auth_san_dns="client.example.com"),
        "by-uri": _pki(tls_client_auth_san_uri="spiffe://example.com/client"),
        "by-ip": _pki(tls_client_auth_san_ip="2001:db8:0:0:0:0:0:7"),
        "by-email": _pki(tls_client_auth_san_email="client@example.com"),
        "mobile": {
            "token_endpoint_auth_method": "self_signed_tls_client_auth",
            "jwks": {"keys": [jwk(mobile.certificate)]},
        },
    }
    return Scenario(ca, clients, (*_accepted(issuing, mobile), *_refused(issuing)))


def _pki(**subject: str) -> dict[str, object]:
    return {"token_endpoint_auth_method": "tls_client_auth", **subject}


def _accepted(issuing: KeyPair, mobile: KeyPair) -> tuple[Row, ...]:
    renewed = self_sign("CN=mobile", Profile(key=mobile.key))
    dns = issuing.issue("CN=x", Profile(san_dns=["client.example.com"]))
    uri = issuing.issue("CN=x", Profile(san_uri=["spiffe://example.com/client"]))
    ip = issuing.issue("CN=x", Profile(san_ip=["2001:db8::7"]))
    email = issuing.issue("CN=x", Profile(san_email=["client@example.com"]))
    return (
        Row("PKI, by subject DN", "billing", issuing.issue("CN=billing,O=Agora,C=SE"), ACCEPTED),
        Row("PKI, by DNS name", "by-dns", dns, ACCEPTED),
        Row("PKI, by URI", "by-uri", uri, ACCEPTED),
        Row("PKI, by IP address", "by-ip", ip, ACCEPTED),
        Row("PKI, by e-mail address", "by-email", email, ACCEPTED),
        Row("self-signed, registered", "mobile", mobile, ACCEPTED),
        Row("self-signed, renewed on the same key", "mobile", renewed, ACCEPTED),
    )


def _refused(issuing: KeyPair) -> tuple[Row, ...]:
    dn = "CN=billing,O=Agora,C=SE"
    billing = issuing.issue(dn)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    expired = issuing.issue(dn, Profile(not_before=yesterday - timedelta(days=1), not_after=yesterday))
    secret = {"client_secret": "s3cret"}
    return (
        Row("no certificate", "billing", None, "no_certificate"),
        Row("another client's certificate", "by-dns", billing, "subject_mismatch"),
        Row("unknown client", "nobody", billing, "unknown_client"),
        Row("untrusted CA, right name", "billing", make_ca("CN=some CA").issue(dn), "chain_not_verified"),
        Row("expired", "billing", expired, "certificate_expired"),
        Row("self-signed where PKI is registered", "billing", self_sign(dn), "self_signed_certificate"),
        Row("self-signed, not registered", "mobile", self_sign("CN=mobile"), "certificate_not_registered"),
        Row(
            "a DN that only looks alike", "billing", issuing.issue(r"O=x\,CN=billing\,O=Agora,C=SE"), "subject_mismatch"
        ),
        Row("certificate and client secret", "billing", billing, "multiple_credentials", secret),
    )
