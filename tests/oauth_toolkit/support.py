"""An authorization server in OAuth Toolkit, and what its clients do."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.contrib.auth.models import User
from django.test import Client
from oauth2_provider.models import get_application_model

from django_mtls.oauth_toolkit.models import ApplicationRegistration
from tests.flask.attack_rows import Came
from tests.support import FORM
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair, environ_for

DN = "CN=billing,O=Agora,C=SE"
REDIRECT = "https://client.example.com/callback"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
BIND = {"tls_client_certificate_bound_access_tokens": True}
SECRET = "s3cret"


def application(client_id: str, grant: str = "client-credentials", **columns: Any) -> Any:
    given = {"client_secret": SECRET, "client_type": "confidential", "skip_authorization": True, **columns}
    return get_application_model().objects.create(
        client_id=client_id, authorization_grant_type=grant, redirect_uris=REDIRECT, name=client_id, **given
    )


def registered(of: Any, metadata: Mapping[str, Any], **columns: Any) -> ApplicationRegistration:
    """Register an application by its RFC 8705 metadata, unchecked, as a careless script could."""
    given = dict(metadata)
    kinds = [member for member in given if member.startswith("tls_client_auth_")]
    for kind in kinds[:1]:
        columns |= {"subject_kind": kind, "subject_value": given.pop(kind)}
    for member in ("token_endpoint_auth_method", "jwks", "jwks_uri", "tls_client_certificate_bound_access_tokens"):
        if member in given:
            columns[member] = given.pop(member)
    return ApplicationRegistration.objects.create(application=of, metadata=given, **columns)


class AuthServer:
    """The project with these clients: each has a secret in the database, as OAuth Toolkit makes one for all.

    ``billing`` and ``other`` are of PKI, ``mobile`` is self-signed, ``public`` is public; all get bound tokens.
    ``secretive`` has a secret and gets bound tokens, ``unbound`` has a secret and no registration.
    """

    def __init__(self, mobile: KeyPair) -> None:
        code = "authorization-code"
        pki = {"token_endpoint_auth_method": "tls_client_auth", **BIND}
        registered(application("billing", code), {**pki, "tls_client_auth_subject_dn": DN})
        registered(application("machine"), {**pki, "tls_client_auth_subject_dn": DN})
        registered(application("other", code), {**pki, "tls_client_auth_san_dns": "other.example.com"})
        registered(application("mobile"), {
            "token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": [jwk(mobile.certificate)]},
            **BIND,
        })  # fmt: skip
        registered(application("public", code, client_type="public"), {"token_endpoint_auth_method": "none", **BIND})
        method = {"token_endpoint_auth_method": "client_secret_basic"}
        registered(application("secretive", code), {**method, **BIND})
        application("unbound")
        application("unbound-code", code)
        self.user = User.objects.create_user("anna")

    def post(
        self, path: str, form: Mapping[str, str] | str, pair: KeyPair | None = None, *, verified: bool = True,
        **options: Any,
    ) -> Any:  # fmt: skip
        body = form if isinstance(form, str) else urlencode(form)
        environ = {**environ_for(pair, verified=verified), **options.pop("environ", {})}
        return Client().post(path, body, **{"content_type": FORM, **options}, **environ)

    def token(self, client_id: str, pair: KeyPair | None = None, secret: str | None = None, **form: str) -> Any:
        given = {"grant_type": "client_credentials", "client_id": client_id, "scope": "accounts", **form}
        return self.post("/o/token/", given | ({"client_secret": secret} if secret else {}), pair)

    def access_token(self, client_id: str = "machine", pair: KeyPair | None = None, **options: Any) -> str:
        answer = self.token(client_id, pair, **options)
        assert answer.status_code == 200, answer.content
        token: str = answer.json()["access_token"]
        return token

    def code(self, client_id: str, response_type: str = "code", **query: str) -> str:
        location = self.authorize(client_id, response_type, **query)
        found: str = parse_qs(urlsplit(location).query)["code"][0]
        return found

    def authorize(self, client_id: str, response_type: str = "code", **query: str) -> str:
        browser = Client()
        browser.force_login(self.user, backend="django.contrib.auth.backends.ModelBackend")
        given = {"client_id": client_id, "response_type": response_type, "redirect_uri": REDIRECT, "scope": "accounts",
                 "code_challenge": CHALLENGE, "code_challenge_method": "S256", "state": "s", **query}  # fmt: skip
        answer = browser.get("/o/authorize/", given)
        assert answer.status_code == 302, answer.content
        return str(answer.headers["Location"])

    def exchange(self, client_id: str, code: str, pair: KeyPair | None = None, secret: str | None = None) -> Any:
        form = {"grant_type": "authorization_code", "client_id": client_id, "code": code, "redirect_uri": REDIRECT,
                "code_verifier": VERIFIER}  # fmt: skip
        return self.post("/o/token/", form | ({"client_secret": secret} if secret else {}), pair)

    def refresh(self, client_id: str, token: str, pair: KeyPair | None = None, secret: str | None = None) -> Any:
        form = {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": token}
        return self.post("/o/token/", form | ({"client_secret": secret} if secret else {}), pair)

    def introspect(self, token: str, client_id: str = "unbound", pair: KeyPair | None = None) -> Any:
        secret = {} if pair else {"client_secret": SECRET}
        answer = self.post("/o/introspect/", {"client_id": client_id, "token": token, **secret}, pair)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def get(self, path: str, token: str | None, pair: KeyPair | None = None, **options: Any) -> Any:
        bearer = {} if token is None else {"HTTP_AUTHORIZATION": f"Bearer {token}"}
        environ: dict[str, Any] = {**bearer, **environ_for(pair), **options}
        return Client().get(path, **environ)


def outcome(answer: Any) -> tuple[int, str | None]:
    """Return a refusal's status and its OAuth error, from the JSON or the challenge."""
    challenge = answer.headers.get("WWW-Authenticate", "")
    if answer.headers.get("Content-Type") == "application/json" and not challenge.startswith("Bearer"):
        assert "WWW-Authenticate" not in answer.headers or "HTTP_AUTHORIZATION" in answer.request
        return answer.status_code, answer.json()["error"]
    return answer.status_code, challenge.partition('error="')[2].partition('"')[0] or None


RESOURCES = ["/decorated", "/rw", "/challenging", "/rw-view", "/drf"]
"""Those of ``urls.py`` that answer as RFC 6750 requires."""

INVALID_CLIENT = (401, "invalid_client")
INVALID_REQUEST = (400, "invalid_request")
INVALID_GRANT = (400, "invalid_grant")
INVALID_TOKEN = (401, "invalid_token")


def cnf(pair: KeyPair) -> dict[str, str]:
    return {"x5t#S256": pair.certificate.thumbprint}


PATHS = {
    "/o/token/": "grant_type=client_credentials",
    "/o/introspect/": "token=x",
    "/o/revoke_token/": "token=x",
}
"""The endpoints that authenticate clients, and what each wants in a body."""


def post(server: AuthServer, path: str, body: str, came: Came | None, **options: Any) -> Any:
    """Send what the endpoint wants, and ``body``."""
    options = {"content_type": FORM, **options}
    if not options["content_type"].startswith("multipart"):
        body = f"{PATHS[path]}&{body}" if body else PATHS[path]
    if "query_string" in options:
        options.setdefault("environ", {})["QUERY_STRING"] = options.pop("query_string")
    pair, verified = (came.pair, came.verified) if came else (None, True)
    return server.post(path, body, pair, verified=verified, **options)


def basic(name: str, secret: str = SECRET) -> dict[str, Any]:
    return {"headers": {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}}


def raw(path: str, body: str, environ: Mapping[str, Any]) -> Any:
    """Send a request with a certificate only in headers."""
    return Client().post(path, body, content_type=FORM, **dict(environ))
