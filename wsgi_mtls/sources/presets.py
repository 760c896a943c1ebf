"""The table of presets: what each terminator delivers, and how.

It also has what the operator of each must make true. The directives are in the folders of ``deploy/``; the table in
``docs/sources.md`` is made from this one by ``docs/sources_table.py``.
"""

from collections.abc import Mapping
from typing import Final

from . import encodings, servers
from .header import Chain
from .header_preset import HeaderPreset, ModePreset
from .preset import ServerPreset
from .status import FAILED, LeadingStatus, Status
from .uri_preset import UriPreset
from .xfcc import first_certificate

AnyPreset = HeaderPreset | ModePreset | ServerPreset | UriPreset

_IN_CA_FILE = "those in the CA file"
_DROPPED = "`underscores_dropped=True` holds"
_BY_SERVER = "before gunicorn, waitress, Werkzeug or gevent"
_ITS_OWN = "No header counts. Do not use it behind a proxy: the connection's certificate is the proxy's there."

nginx: Final = HeaderPreset(
    name="nginx", terminator="nginx", certificate_header="XClientCert", decode=encodings.url_encoded_pem,
    verified=LeadingStatus("SUCCESS", none=("NONE",), failed=FAILED), self_signed="`optional_no_ca`",
    duty="Every `location` that proxies to the application overwrites the header: one with any `proxy_set_header` of "
        "its own inherits none.",
)  # fmt: skip
ingress_nginx: Final = HeaderPreset(
    name="ingress_nginx", terminator="ingress-nginx", certificate_header="ssl-client-cert",
    decode=encodings.url_encoded_pem, verified={"status_header": Status("ssl-client-verify", "SUCCESS", "NONE")},
    self_signed="`optional_no_ca`",
    duty="Only an Ingress with `auth-tls-secret` overwrites the headers, so no other one leads to the application. "
        f"{_DROPPED} with the controller's defaults, or {_BY_SERVER}.",
)  # fmt: skip
# mod_ssl may report SUCCESS for any certificate of a resumed session, so Apache sends both statuses.
apache: Final = HeaderPreset(
    name="apache", terminator="Apache, as proxy", certificate_header="XClientCert", decode=encodings.base64_pem,
    verified=LeadingStatus(
        "SUCCESS Initial", none=("NONE", "NONE Initial", "NONE Resumed"),
        failed=f"(?:{FAILED}|GENEROUS) (?:Initial|Resumed)|SUCCESS Resumed",
    ),
    chain=Chain(("XClientChain0",), encodings.base64_pem), self_signed="`optional_no_ca`",
    duty="Every virtual host that proxies to the application overwrites the headers, and no TLS session is resumed.",
)  # fmt: skip
# The statuses are ssl_c_used and ssl_c_verify, which is also 0 without a certificate.
haproxy: Final = HeaderPreset(
    name="haproxy", terminator="HAProxy", certificate_header="XClientCert", decode=encodings.base64_der,
    verified=LeadingStatus("1 0", none=("0 0",), failed="1 [0-9]+"),
    chain=Chain(("XClientChain",), encodings.base64_der_sequence),
    self_signed="`crt-ignore-err all ca-ignore-err all`",
    duty="Every frontend that leads to the application overwrites or deletes the headers. HAProxy before 2.5 sends "
        "no chain: set `chain=None`.",
)  # fmt: skip
caddy: Final = HeaderPreset(
    name="caddy", terminator="Caddy", certificate_header="XClientCert", decode=encodings.base64_der,
    self_signed="`mode request`",
    duty="Every site that leads to the application overwrites the header.",
    partial_chains="yes",
)  # fmt: skip
envoy_peer_certificate: Final = HeaderPreset(
    name="envoy_peer_certificate", terminator="Envoy, own header", certificate_header="XClientCert",
    decode=encodings.url_encoded_pem, self_signed="`ACCEPT_UNTRUSTED`",
    duty="Every virtual host that leads to the application removes the client's header before it adds its own.",
    deploy="envoy", partial_chains="yes",
)  # fmt: skip
envoy: Final = HeaderPreset(
    name="envoy", terminator="Envoy, XFCC", certificate_header="X-Forwarded-Client-Cert", decode=first_certificate,
    decodes_chain=True, elements=1, self_signed="`ACCEPT_UNTRUSTED`",
    duty="Every connection manager has `SANITIZE_SET`, without `uri` and `dns`. "
        f"{_DROPPED} with `headers_with_underscores_action`. Each proxy adds an element: set `elements` to more than 1 "
        "only if nothing else reaches the later proxies.",
    partial_chains="yes",
)  # fmt: skip
istio: Final = HeaderPreset(
    name="istio", terminator="Istio", certificate_header="X-Forwarded-Client-Cert", decode=first_certificate,
    decodes_chain=True, elements=2, gateway=True, self_signed="no, `OPTIONAL_MUTUAL` validates",
    duty="The gateway has `SANITIZE_SET`. Any pod can send a first element with any content, so the last one must "
        "name the gateway, `gateway_uri`, and the pods' mode is `STRICT`. "
        f"{_DROPPED} with `headers_with_underscores_action`.",
    partial_chains="yes",
)  # fmt: skip
istio_sidecar: Final = UriPreset(
    name="istio_sidecar", deploy="istio", terminator="Istio sidecar or waypoint, or Envoy without `cert`",
    certificate_header="X-Forwarded-Client-Cert", self_signed="no certificate comes",
    duty="Only `tls_client_auth` by URI, and bound tokens where the hash comes. The pods' mode is `STRICT`, and the "
        "mesh's CA, or what validates for it, allows no client to choose its own URI. Exactly one proxy writes the "
        "header: a pod that sends one of its own is rejected. "
        f"{_DROPPED} with `headers_with_underscores_action`, or {_BY_SERVER}.",
    partial_chains="yes",
)  # fmt: skip
traefik: Final = HeaderPreset(
    name="traefik", terminator="Traefik 3", certificate_header="X-Forwarded-Tls-Client-Cert",
    decode=encodings.base64_der_list, decodes_chain=True, issued_in_order=True, self_signed="`RequestClientCert`",
    duty="Every router that leads to the application overwrites the header. "
        f"{_DROPPED} with `aliasHeadersStrategy: delete`, or {_BY_SERVER}.",
    partial_chains="yes",
)  # fmt: skip
aws_alb: Final = ModePreset(
    name="aws_alb", terminator="AWS Application Load Balancer", self_signed="`passthrough`",
    duty="`mode` is the listener's. Other listeners pass on what clients send, so they do not lead to the application. "
        f"{_DROPPED} {_BY_SERVER}.",
    partial_chains="yes",
    modes={
        "verify": HeaderPreset(
            name="aws_alb", terminator="AWS ALB", certificate_header="X-Amzn-Mtls-Clientcert-Leaf",
            decode=encodings.url_encoded_pem, verified=True, refused=("X-Amzn-Mtls-Clientcert",), self_signed="no",
            duty="The load balancer rejects what it cannot validate.",
        ),
        "passthrough": HeaderPreset(
            name="aws_alb", terminator="AWS ALB", certificate_header="X-Amzn-Mtls-Clientcert",
            decode=encodings.url_encoded_pem_list, decodes_chain=True, verified=False,
            refused=("X-Amzn-Mtls-Clientcert-Leaf",), self_signed="yes",
            duty="The load balancer validates nothing.",
        ),
    },
)  # fmt: skip
gcp_load_balancer: Final = HeaderPreset(
    name="gcp_load_balancer", terminator="Google Cloud load balancer", certificate_header="X-Client-Cert-Leaf",
    decode=encodings.rfc9440,
    verified={
        "present_header": Status("X-Client-Cert-Present", "true", "false", two_valued=True),
        "status_header": Status("X-Client-Cert-Chain-Verified", "true"),
    },
    chain=Chain(("X-Client-Cert-Chain",), encodings.rfc9440_list), shared_addresses=True, self_signed="allow-listed",
    duty="Every backend service that leads to the application sets the headers and the secret. "
        f"{_DROPPED} {_BY_SERVER}.",
    partial_chains="yes",
)  # fmt: skip
azure_app_service: Final = HeaderPreset(
    name="azure_app_service", terminator="Azure App Service, Functions, IIS with ARR",
    certificate_header="X-ARR-ClientCert", decode=encodings.base64_der, self_signed="yes",
    duty="The platform overwrites the header and validates nothing. "
        f"{_DROPPED} {_BY_SERVER}.",
    partial_chains="yes",
)  # fmt: skip
cloudflare: Final = HeaderPreset(
    name="cloudflare", terminator="Cloudflare Access", certificate_header="Cf-Client-Cert-Der-Base64",
    decode=encodings.base64_der, shared_addresses=True, self_signed="no",
    duty="A transform rule sets the secret; a WAF rule blocks what is not validated. "
        f"{_DROPPED} {_BY_SERVER}.",
    partial_chains="yes",
)  # fmt: skip
rfc9440: Final = HeaderPreset(
    name="rfc9440", deploy=None, terminator="anything that speaks RFC 9440", certificate_header="Client-Cert",
    decode=encodings.rfc9440, chain=Chain(("Client-Cert-Chain",), encodings.rfc9440_list), self_signed="it depends",
    duty="The terminator removes both fields from what clients send (RFC 9440 section 4), or the chain's is `None`. "
        f"{_DROPPED} where it drops such headers, or {_BY_SERVER}. Where other customers share its addresses, give "
        "`secret`.",
    partial_chains="yes",
)  # fmt: skip
mod_wsgi: Final = ServerPreset(
    name="mod_wsgi", terminator="Apache with mod_wsgi or mod_proxy_uwsgi",
    keys="`SSL_CLIENT_CERT`, `SSL_CLIENT_VERIFY`, `SSL_SESSION_RESUMED`, `SSL_CLIENT_CERT_CHAIN_n`", encoding="`pem`",
    chain=True, verified="`SUCCESS` and `Initial`", read=servers.mod_wsgi, self_signed="`optional_no_ca`",
    duty="No TLS session is resumed. No header counts.",
)  # fmt: skip
mod_ssl: Final = ServerPreset(
    name="mod_ssl", deploy=None, terminator="other servers that set mod_ssl's keys: lighttpd, nginx over uwsgi",
    keys="`SSL_CLIENT_CERT`, `SSL_CLIENT_VERIFY`, `SSL_CLIENT_CERT_CHAIN_n`", encoding="`pem`", chain=True,
    verified="`SUCCESS`, but not if resumed", read=servers.mod_ssl, self_signed="it depends",
    duty="No header counts, but any client of a uwsgi or FastCGI socket can set the keys: only the terminator reaches "
        "it.",
)  # fmt: skip
gunicorn: Final = ServerPreset(
    name="gunicorn", terminator="gunicorn", keys="the connection's socket", encoding="DER", chain=False,
    verified="always", read=servers.gunicorn, self_signed=_IN_CA_FILE, duty=_ITS_OWN, partial_chains="python",
)  # fmt: skip
cheroot: Final = ServerPreset(
    name="cheroot", terminator="cheroot", keys="`SSL_CLIENT_CERT`, `SSL_CLIENT_VERIFY`", encoding="`pem`", chain=False,
    verified="`SUCCESS`", read=servers.cheroot, self_signed=_IN_CA_FILE, duty=_ITS_OWN, partial_chains="python",
)  # fmt: skip
werkzeug: Final = ServerPreset(
    name="werkzeug", terminator="Werkzeug", keys="`SSL_CLIENT_CERT`", encoding="`pem`", chain=False, verified="always",
    read=servers.werkzeug, self_signed=_IN_CA_FILE, duty=_ITS_OWN, partial_chains="python",
)  # fmt: skip
uwsgi: Final = ServerPreset(
    name="uwsgi", terminator="uWSGI `--https`", keys="`HTTPS_CLIENT_CERTIFICATE`", encoding="`latin1_der`",
    chain=False, verified="always", read=servers.uwsgi, self_signed=_IN_CA_FILE,
    duty="No header counts, but any client of a uwsgi socket can set the key: only uWSGI itself reaches it.",
)  # fmt: skip
wsgi_server: Final = ServerPreset(
    name="wsgi_server", deploy=None, terminator="gunicorn, cheroot or Werkzeug, whichever serves the request",
    keys="as each of them", encoding="as each of them", chain=False, verified="as each of them",
    read=servers.wsgi_server, self_signed=_IN_CA_FILE, duty=_ITS_OWN, partial_chains="python",
)  # fmt: skip

_ALL: tuple[AnyPreset, ...] = (
    nginx, ingress_nginx, apache, mod_wsgi, mod_ssl, haproxy, caddy, envoy_peer_certificate, envoy, istio,
    istio_sidecar, traefik, aws_alb, gcp_load_balancer, azure_app_service, cloudflare, rfc9440, uwsgi, gunicorn,
    cheroot, werkzeug, wsgi_server,
)  # fmt: skip

PRESETS: Final[Mapping[str, AnyPreset]] = {preset.name: preset for preset in _ALL}
"""Every preset by its name."""

OLD_NAMES: Final[Mapping[str, str]] = {"environ": "mod_ssl"}
"""Names that presets had, to those that they have; accepted until the first release."""
