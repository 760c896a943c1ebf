"""Requests as gunicorn makes them behind nginx.

Each value is a new text, as from a socket.
"""

from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CERT = "HTTP_XCLIENTCERT"
BODY = b"grant_type=client_credentials&client_id=alice&scope=read+write"
FORM = "application/x-www-form-urlencoded"
_BASE: dict[str, Any] = {
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "https",
    "wsgi.multithread": False,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
    "wsgi.errors": None,
    "wsgi.input_terminated": True,
    "SERVER_SOFTWARE": "gunicorn/25.1",
    "SERVER_PROTOCOL": "HTTP/1.0",
    "SERVER_NAME": "0.0.0.0",  # noqa: S104  # nothing listens
    "SERVER_PORT": "8000",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/token",
    "QUERY_STRING": "",
    "REQUEST_METHOD": "GET",
    "REMOTE_ADDR": "127.0.0.1",
    "REMOTE_PORT": "51234",
    "HTTP_HOST": "mtls.example.com",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_CONNECTION": "close",
    "HTTP_USER_AGENT": "curl/8",
    "HTTP_ACCEPT": "*/*",
}


def get(path: str, header: bytes, **more: object) -> dict[str, Any]:
    """Return a GET with a certificate."""
    return {**_BASE, "PATH_INFO": path, "wsgi.input": BytesIO(), CERT: header.decode("latin-1"), **more}


def post(path: str, header: bytes, body: bytes = BODY, **more: object) -> dict[str, Any]:
    """Return a POST of a form with a certificate."""
    return {
        **_BASE,
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "CONTENT_TYPE": FORM,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
        CERT: header.decode("latin-1"),
        **more,
    }


def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer, and do nothing else."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]


def start(status: str, headers: object, exc_info: object = None, /) -> Any:
    """Take the answer, and forget it."""


def serve(application: Any, environ: dict[str, Any]) -> bytes:
    """Return the body of an answer, and close it."""
    response = application(environ, start)
    try:
        return b"".join(response)
    finally:
        if close := getattr(response, "close", None):
            close()
