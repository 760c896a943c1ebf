"""The directives that an operator changes at each terminator.

They have the names of the terminator's own documentation. The lines themselves are in the folders of ``deploy/``. A
test keeps the names true to them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Directives:
    """The names of a terminator's settings.

    Attributes:
        terminator: the program or platform, as the subject of a sentence.
        sends: what sets a header; ``NAME`` is the header's name.
        asks: what makes it ask clients for a certificate.
        bundle: what names the CAs by which it validates.
        rejects: what makes it reject the certificates that it cannot validate, where it reports no status.
    """

    terminator: str = "the terminator"
    sends: str = "what sets NAME"
    asks: str = "its setting that asks clients for a certificate"
    bundle: str = "its CA bundle"
    rejects: str = ""

    def sets(self, names: tuple[str, ...]) -> str:
        """Return what sets these headers."""
        return " and ".join(dict.fromkeys(self.sends.replace("NAME", name) for name in names))


_ENVOY = Directives(
    terminator="Envoy", sends="forward_client_cert_details: SANITIZE_SET (NAME)", asks="validation_context",
    bundle="trusted_ca", rejects="trust_chain_verification: VERIFY_TRUST_CHAIN",
)  # fmt: skip
_PYTHON = "a context with verify_mode = ssl.CERT_OPTIONAL"

TABLE: Final[Mapping[str, Directives]] = {
    "nginx": Directives(
        terminator="nginx", sends='proxy_set_header NAME "$ssl_client_verify $ssl_client_escaped_cert";',
        asks="ssl_verify_client optional_no_ca;", bundle="ssl_client_certificate",
    ),
    "ingress_nginx": Directives(
        terminator="ingress-nginx", sends='auth-tls-pass-certificate-to-upstream: "true" (NAME)',
        asks="auth-tls-verify-client", bundle="auth-tls-secret",
    ),
    "apache": Directives(
        terminator="Apache", sends="RequestHeader set NAME", asks="SSLVerifyClient optional_no_ca",
        bundle="SSLCACertificateFile",
    ),
    "haproxy": Directives(
        terminator="HAProxy", sends="http-request set-header NAME", asks="verify optional", bundle="ca-file",
    ),
    "caddy": Directives(
        terminator="Caddy", sends="header_up NAME", asks="client_auth", bundle="trust_pool",
        rejects="mode verify_if_given",
    ),
    "envoy_peer_certificate": Directives(
        terminator="Envoy", sends="request_headers_to_add (NAME)", asks="validation_context", bundle="trusted_ca",
        rejects="trust_chain_verification: VERIFY_TRUST_CHAIN",
    ),
    "envoy": _ENVOY,
    "istio": Directives(
        terminator="the gateway", sends="forwardClientCertDetails: SANITIZE_SET (NAME)", asks="mode: OPTIONAL_MUTUAL",
        bundle="credentialName", rejects="mode: OPTIONAL_MUTUAL",
    ),
    "istio_sidecar": Directives(
        terminator="the sidecar", asks="PeerAuthentication", bundle="the mesh's CA", rejects="mode: STRICT",
    ),
    "traefik": Directives(
        terminator="Traefik", sends="passTLSClientCert (NAME)", asks="clientAuthType", bundle="caFiles",
        rejects="clientAuthType: VerifyClientCertIfGiven",
    ),
    "aws_alb": Directives(
        terminator="the load balancer", sends="--mutual-authentication (NAME)", asks="--mutual-authentication",
        bundle="TrustStoreArn",
    ),
    "gcp_load_balancer": Directives(
        terminator="the load balancer", sends="--custom-request-header NAME", asks="clientValidationMode",
        bundle="clientValidationTrustConfig",
    ),
    "azure_app_service": Directives(
        terminator="App Service", sends="clientCertEnabled=true (NAME)", asks="clientCertMode=Optional",
    ),
    "cloudflare": Directives(
        terminator="Cloudflare", sends="client_certificate_forwarding (NAME)", asks="mTLS for the host",
        bundle="the clients' CA", rejects="cf.tls_client_auth.cert_verified",
    ),
    "mod_wsgi": Directives(
        terminator="Apache", sends="SSLOptions +StdEnvVars +ExportCertData", asks="SSLVerifyClient optional_no_ca",
        bundle="SSLCACertificateFile",
    ),
    "mod_ssl": Directives(terminator="the server", sends="what exports SSL_CLIENT_CERT and SSL_CLIENT_VERIFY"),
    "gunicorn": Directives(terminator="gunicorn", asks="cert_reqs = ssl.CERT_OPTIONAL", bundle="ca_certs"),
    "cheroot": Directives(terminator="cheroot", asks=_PYTHON, bundle="load_verify_locations"),
    "werkzeug": Directives(terminator="Werkzeug", asks=_PYTHON, bundle="cafile"),
    "uwsgi": Directives(
        terminator="uWSGI", sends="https-export-cert = true", asks="the CA file in https", bundle="https",
    ),
    "wsgi_server": Directives(terminator="the server", asks=_PYTHON),
}  # fmt: skip
"""By the preset's name."""

_OTHER: Final = Directives()


def of(label: str) -> Directives:
    """Return the directives of a source by its label.

    Return general words if it is not a preset.
    """
    return TABLE.get(label, _OTHER)
