"""The project over real TLS, in this process, so that it sees the test's rows."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPSConnection
from typing import TYPE_CHECKING
from unittest.mock import patch

from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from tests.support import FORM, Answer
from tests.tls import client_context, serving
from wsgi_mtls.testing import KeyPair
from wsgi_mtls.x509 import ClientCertificate

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Site:
    """The running project; each request has a TLS connection of its own."""

    def __init__(self, port: int) -> None:
        self.port = port

    def request(
        self,
        method: str,
        path: str,
        pair: KeyPair | None = None,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
        source: str = "127.0.0.1",
    ) -> Answer:
        context = client_context(pair)
        connection = HTTPSConnection("127.0.0.1", self.port, context=context, timeout=20, source_address=(source, 0))
        try:
            connection.request(method, path, None if body is None else body.encode(), dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, dict(response.headers), response.read())
        finally:
            connection.close()

    def post(
        self, path: str, pair: KeyPair | None, body: str, headers: Mapping[str, str] | None = None, **options: str
    ) -> Answer:
        return self.request("POST", path, pair, body, {"Content-Type": FORM, **(headers or {})}, **options)

    def user(self, pair: KeyPair | None, headers: Mapping[str, str] | None = None) -> str:
        """Return who is logged in."""
        answer = self.request("GET", "/", pair, headers=headers)
        assert answer.status == 200, answer
        user: str = answer.json["user"]
        return user


@contextmanager
def running_site(client_ca: Iterable[ClientCertificate], mount: str = "") -> Iterator[Site]:
    """Serve the project while the block lasts, with this thread's database connection."""
    application: WSGIApplication = WSGIHandler()
    if mount:
        application = DispatcherMiddleware(NotFound(), {mount: application})
    of_test = connections["default"]

    def with_connection(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        connections["default"] = of_test
        return application(environ, start_response)

    of_test.inc_thread_sharing()
    try:
        # At the end of a request Django closes its connection: here the test's own, which may be rolling back by then.
        with patch.object(of_test, "close_if_unusable_or_obsolete"), serving(with_connection, client_ca) as port:
            yield Site(port)
    finally:
        of_test.dec_thread_sharing()


def outcome(answer: Answer) -> tuple[int, str]:
    """Return the status and the OAuth error of a refusal."""
    return answer.status, json.loads(answer.body)["error"]
