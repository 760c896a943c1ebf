"""The table of attacks in ``attacks.md``: what is attacked, what refuses it, which tests play it.

Run it after a change: ``python docs/attacks_table.py``.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "attacks.md"
MARK = "<!-- the table, made by docs/attacks_table.py -->\n"
EVERY_WAY = "tests/attacks/test_every_way.py"
_RULES, _SUBJECT = "wsgi_mtls/rules/client.py", "wsgi_mtls/clients/subject.py"
_TOKEN, _HEADER = "wsgi_mtls/rules/token.py", "wsgi_mtls/sources/header.py"
_FORM, _CLIENT = "wsgi_mtls/request/form.py", "wsgi_mtls/clients/client.py"
_BINDING = "wsgi_mtls/binding.py"

ATTACKS: dict[int, tuple[str, str]] = {
    1: ("a mutual-TLS client without a certificate", _RULES),
    2: ("a certificate without `client_id`", _FORM),
    3: ("`client_id` twice", _FORM),
    4: ("another client's `client_id`", _RULES),
    5: ("a secret, an assertion or Basic beside the certificate", _FORM),
    6: ("a client of another method with a certificate alone", _RULES),
    7: ("a self-signed certificate with a PKI client's name", "wsgi_mtls/x509/self_signed.py"),
    8: ("the right name from another CA", "wsgi_mtls/vouching.py"),
    9: ("the right name on an intermediate", _RULES),
    10: ("a registration with no subject value, or two", _CLIENT),
    11: ("an empty name against an empty subject", _SUBJECT),
    12: ("a DNS name in the CN or in another kind of name", _SUBJECT),
    13: ("a wildcard", _SUBJECT),
    14: ("NUL in a name", _SUBJECT),
    15: ("RDNs in another order, added or joined", "wsgi_mtls/x509/names.py"),
    16: ("accepted: another case, spacing or string type", "wsgi_mtls/x509/preparation.py"),
    17: ("accepted: an IPv6 address in its long form; refused: one of 8 octets", _SUBJECT),
    18: ("an expired, early or unfit certificate", "wsgi_mtls/checks.py"),
    19: ("accepted: a critical SAN with an empty subject", "wsgi_mtls/x509/extensions.py"),
    20: ("a self-signed certificate that is not registered", "wsgi_mtls/rules/self_signed.py"),
    21: ("a JWK whose certificate has another key", "wsgi_mtls/jwks.py"),
    22: ("a `jwks_uri` that fails, redirects, or is private", "wsgi_mtls/https/registered.py"),
    23: ("a flood of unknown certificates for one `jwks_uri`", "wsgi_mtls/clients/jwks_uri.py"),
    24: ("a certificate header from an untrusted peer", "wsgi_mtls/sources/proxies.py"),
    25: ("a header twice, under an alias, or damaged", _HEADER),
    26: ("a status that is not success", "wsgi_mtls/sources/status.py"),
    27: ("bound tokens without a certificate at the token endpoint", _BINDING),
    28: ("another client's code", "integrations/flask_mtls/authlib/hardening/single_use.py"),
    29: ("a public client's bound refresh token with another certificate", _BINDING),
    30: ("accepted: a confidential client's renewed certificate", _BINDING),
    31: ("another client's refresh token", "integrations/flask_mtls/authlib/tokens.py"),
    32: ("a bound token with another certificate, or none", _TOKEN),
    33: ("accepted: a bound token with a certificate of an unknown CA", _TOKEN),
    34: ("a malformed `cnf`", _BINDING),
    35: ("another confirmation method beside the thumbprint", _BINDING),
    36: ("an introspected token with another certificate", "wsgi_mtls/tokens/introspection.py"),
    37: ("an unbound token where binding is required", _TOKEN),
    38: ("a bound token at an endpoint without mutual TLS", _TOKEN),
    39: ("`mtls_endpoint_aliases` that cannot be", "wsgi_mtls/metadata_checks.py"),
    40: ("`tls_client_certificate_bound_access_tokens` that is not a boolean", _CLIENT),
    41: ("a registered certificate that issues others", "wsgi_mtls/trust/requirements.py"),
    42: ("a subject in another form than the terminator's", "wsgi_mtls/sources/subject_header.py"),
    43: ("accepted: a bound token whose certificate has expired since", _TOKEN),
    44: ("`client_id` in the query, in multipart, in another charset", _FORM),
    45: ("a forged certificate under the underscore alias", "wsgi_mtls/sources/presets.py"),
    46: ("a forged certificate through the conventional host", "deploy/nginx/nginx.conf"),
    47: ("the proxy's own certificate", "wsgi_mtls/sources/preset.py"),
    48: ("a form that another site's page sends", "wsgi_mtls/request/cross_site.py"),
    49: ("a stored name that the database takes for the same", "wsgi_mtls/clients/known.py"),
    50: ("another spelling of the path", "wsgi_mtls/request/paths.py"),
    51: ("a path that the router reads otherwise", "wsgi_mtls/request/paths.py"),
    52: ("nginx that passes invalid header names on", "deploy/nginx/nginx.conf"),
    53: ("header names that the server folds", "wsgi_mtls/hardening/header_names.py"),
    54: ("a forged certificate beside a genuine status", "wsgi_mtls/sources/status.py"),
    55: ("a self-signed certificate under any type of key", "wsgi_mtls/x509/self_signed.py"),
    56: ("a cache inside of the request's wrappers", "integrations/django_mtls/caching.py"),
    57: ("an answer in a shared cache", "wsgi_mtls/private.py"),
    58: ("a certificate login's session without the certificate", "integrations/django_mtls/login/sessions.py"),
    59: ("an editor who registers a user's name", "integrations/django_mtls/users/rights.py"),
    60: ("two registrations of one name that logs in users", "integrations/django_mtls/clients/claims.py"),
    61: ("one code in four requests at once", "integrations/flask_mtls/authlib/hardening/single_use.py"),
    62: ("`X-Forwarded-For` at a server that believes it", "wsgi_mtls/sources/secret.py"),
    63: ("a DPoP token as `Bearer`, or with a wrong proof", "wsgi_mtls/rules/dpop.py"),
    64: ("an unknown `tls_client_auth_…` member", _CLIENT),
    65: ("keys or introspection out of reach", "wsgi_mtls/shortage.py"),
    66: ("accepted: an oddity that no decision reads", "wsgi_mtls/x509/parts.py"),
    67: ("a CORS preflight at a view that is blind to methods", "wsgi_mtls/request/preflight.py"),
    68: ("a pickle in a shared cache", "wsgi_mtls/sealed_store.py"),
    69: ("another client's pushed request or registration token", "integrations/flask_mtls/authlib/pushed_requests.py"),
    70: ("a TLS session of another host", "deploy/nginx/nginx.conf"),
    71: ("an ID token or another JWT as an access token", "wsgi_mtls/tokens/issuers.py"),
    72: ("a `jwks_uri` that hangs, or leads to a private address", "wsgi_mtls/https/public_addresses.py"),
    73: ("a revoked certificate that a store would accept", "wsgi_mtls/trust/snapshot.py"),
}


def table() -> str:
    """Return the table in Markdown."""
    from tests.attacks.coverage import COVERAGE, NOT_BUILT

    lines = ["| # | attack | refused or accepted by | tests |", "| --- | --- | --- | --- |"]
    for number, (attack, code) in ATTACKS.items():
        tests = sorted({test.partition("::")[0] for test in COVERAGE.get(number, ())}) or [EVERY_WAY]
        shown = NOT_BUILT.get(number) or ", ".join(f"[{test.removeprefix('tests/')}](../{test})" for test in tests)
        lines.append(f"| {number} | {attack} | [{code}](../{code}) | {shown} |")
    return "\n".join(lines) + "\n"


def page(text: str) -> str:
    """Return the page with the table of now."""
    return text.partition(MARK)[0] + MARK + "\n" + table()


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
