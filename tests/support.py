"""What many tests need: a guarded token endpoint, requests to it, and what came of them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import create_environ, run_wsgi_app

from wsgi_mtls import ClientAuthMiddleware, ClientCertificate, ClientRegistry, Guard, Verifier, sources
from wsgi_mtls.errors import MutualTLSError
from wsgi_mtls.events import Event
from wsgi_mtls.record import Record
from wsgi_mtls.request.view import RequestView
from wsgi_mtls.testing import KeyPair, to_pem
from wsgi_mtls.x509 import Peer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FORM = "application/x-www-form-urlencoded"

Outcome = tuple[int, str | None, str | None]
"""HTTP status, the JSON ``error``, and the reason that the observers got."""

ACCEPTED: Outcome = (200, None, None)


@contextmanager
def refused(reason: str, match: str | None = None) -> Iterator[pytest.ExceptionInfo[MutualTLSError]]:
    """Expect one of our errors with this reason, and a message that matches."""
    with pytest.raises(MutualTLSError, match=match) as caught:
        yield caught
    assert caught.value.reason == reason


def peer_certificate(environ: dict[str, Any], source: sources.CertificateSource) -> Peer | None:
    """Return what a guard with this source finds in a request."""
    return Guard(source).presented(RequestView(environ, "GET", lambda _: b"", Record()))


def drop_untrusted(environ: dict[str, Any], source: sources.CertificateSource) -> None:
    """Have a guard with this source take out what an untrusted peer sent."""
    Guard(source).drop_untrusted(environ)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a WSGI application answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def request(
    app: "WSGIApplication",
    body: bytes | Mapping[str, str] | None = None,
    *,
    method: str = "POST",
    path: str = "/token",
    query: str = "",
    content_type: str | None = FORM,
    extra: Mapping[str, object] | None = None,
) -> Answer:
    """Make one request; ``extra`` goes into the environ as it is, None takes a key out."""
    octets = urlencode(body).encode() if isinstance(body, Mapping) else body or b""
    environ = create_environ("/", method=method, content_type=content_type, input_stream=BytesIO(octets))
    environ |= {"PATH_INFO": path, "QUERY_STRING": query, "CONTENT_LENGTH": str(len(octets)), **(extra or {})}
    given = {key: value for key, value in environ.items() if value is not None or key == sources.PEER}
    app_iter, status, headers = run_wsgi_app(app, given, buffered=True)
    return Answer(int(status.split()[0]), dict(headers), b"".join(app_iter))


def mod_ssl(
    certificate: KeyPair | ClientCertificate | None, verify: str = "SUCCESS", chain: Iterable[ClientCertificate] = ()
) -> dict[str, str]:
    """Return the environ keys with which mod_ssl delivers a certificate, or reports that none came."""
    if certificate is None:
        return {"SSL_CLIENT_CERT": "", "SSL_CLIENT_VERIFY": "NONE"}
    leaf = certificate.certificate if isinstance(certificate, KeyPair) else certificate
    keys = {f"SSL_CLIENT_CERT_CHAIN_{number}": to_pem(issuer).decode() for number, issuer in enumerate(chain)}
    return {"SSL_CLIENT_CERT": to_pem(leaf).decode(), "SSL_CLIENT_VERIFY": verify, **keys}


def token_endpoint(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer with what the application behind the middleware got to see."""
    client = environ.get("wsgi_mtls.client")
    error = environ.get("wsgi_mtls.error")
    peer = environ.get("wsgi_mtls.peer")
    seen = {
        "client_id": client and client.client_id,
        "method": client and client.method,
        "cnf": client and client.confirmation,
        "deferred": error and error.reason,
        "thumbprint": peer and peer.certificate.thumbprint,
        "body": environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or -1)).decode("latin-1"),
        "content_length": environ.get("CONTENT_LENGTH"),
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(seen).encode()]


class Endpoint:
    """A token endpoint behind the middleware, and the events that its verifier reported."""

    def __init__(
        self, clients: ClientRegistry | Mapping[str, Any], *, verifier: dict[str, Any] | None = None, **options: Any
    ) -> None:
        self.events: list[Event] = []
        self.verifier = Verifier(clients, observers=[self.events.append], **(verifier or {}))
        settings: dict[str, Any] = {"source": sources.mod_ssl(), "paths": ["/token"], **options}
        self.app = ClientAuthMiddleware(token_endpoint, self.verifier, **settings)

    def post(
        self,
        client_id: str | None,
        certificate: KeyPair | ClientCertificate | None = None,
        verify: str = "SUCCESS",
        form: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Answer:
        """Post a form with this ``client_id`` over a connection with this certificate."""
        body = {"grant_type": "client_credentials", **(form or {})}
        if client_id is not None:
            body["client_id"] = client_id
        options["extra"] = {**mod_ssl(certificate, verify), **options.get("extra", {})}
        options.setdefault("body", body)
        return request(self.app, **options)

    def outcome(self, *args: Any, **options: Any) -> Outcome:
        """Post as :meth:`post` does; return what came of it, which is one event."""
        self.events.clear()
        return self.result(self.post(*args, **options))

    def result(self, answer: Answer) -> Outcome:
        """Return an answer's outcome, after exactly one event."""
        (event,) = (event for event in self.events if event.name != "untrusted_proxy")
        if answer.status == 200:
            assert event.name == "client_authenticated", event
            assert answer.json["client_id"] == event.client_id
            return ACCEPTED
        assert event.name == "client_rejected", event
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.status, answer.json["error"], event.reason
