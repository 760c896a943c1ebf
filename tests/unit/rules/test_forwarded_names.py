"""What a name without its certificate is good for: the terminator's own word about a PKI client, and nothing else."""

from collections.abc import Mapping
from typing import Literal

from tests.support import refused
from wsgi_mtls import Client, Verifier
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import self_sign
from wsgi_mtls.x509 import PeerSubject

NAME: Literal["tls_client_auth_san_dns"] = "tls_client_auth_san_dns"
NAMED: Mapping[str, object] = {"token_endpoint_auth_method": "tls_client_auth", NAME: "billing.example.com"}
SELF_SIGNED: Mapping[str, object] = {
    "token_endpoint_auth_method": "self_signed_tls_client_auth",
    "jwks": {"keys": [jwk(self_sign("CN=billing").certificate)]},
}
VERIFIER = Verifier({"named": NAMED, "self-signed": SELF_SIGNED})


def test_a_name_is_not_verified_unless_the_source_says_so() -> None:
    with refused("chain_not_verified"):
        VERIFIER.authenticate("named", PeerSubject(NAME, ("billing.example.com",)))
    accepted = VERIFIER.authenticate("named", PeerSubject(NAME, ("billing.example.com",), verified=True))
    assert (accepted.client_id, accepted.certificate) == ("named", None)


def test_a_name_for_a_client_that_is_registered_with_none() -> None:
    """Such a client comes from a callback registry, where the certificate decides about the method."""
    client = Client(client_id="unnamed", token_endpoint_auth_method=None)
    with refused("subject_mismatch"):
        Verifier({"unnamed": client}).authenticate("unnamed", PeerSubject(NAME, ("None",), verified=True))


def test_a_name_where_the_certificate_is_needed() -> None:
    name = PeerSubject(NAME, ("billing.example.com",), verified=True)
    with refused("certificate_not_delivered"):
        VERIFIER.authenticate("self-signed", name)
    with refused("certificate_not_delivered"):
        VERIFIER.check_certificate(name)
