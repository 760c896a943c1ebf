"""A small Django site with one page, served by the server that the command line names; prints its port.

The page answers with the thumbprint of the certificate that is believed, and the reasons of what was reported.
"""

import asyncio
import json
import socket
import sys
from collections.abc import Callable
from typing import Any

import django
from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.urls import re_path

from wsgi_mtls.events import Event

reported: list[Event] = []


def page(request: HttpRequest) -> JsonResponse:
    peer = request.peer_certificate  # type: ignore[attr-defined]  # ClientCertificateMiddleware adds it
    told = [event.detail for event in reported]
    reported.clear()
    return JsonResponse({"thumbprint": peer and peer.certificate.thumbprint, "told": told})


urlpatterns = [re_path("", page)]


def configure(source: dict[str, object]) -> None:
    settings.configure(
        ALLOWED_HOSTS=["*"],
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django_mtls"],
        ROOT_URLCONF=__name__,
        MIDDLEWARE=["django_mtls.middleware.ClientCertificateMiddleware"],
        MTLS={"SOURCE": source},
    )
    django.setup()
    from django_mtls.signals import untrusted_proxy

    untrusted_proxy.connect(tell, weak=False)


def tell(sender: str, event: Event, **_: object) -> None:
    reported.append(event)


def listening() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def show(port: int) -> None:
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


def uvicorn(**options: Any) -> None:
    import uvicorn
    from django.core.asgi import get_asgi_application

    serve_with_uvicorn(uvicorn.Config(get_asgi_application(), log_level="warning", lifespan="off", **options))


def uvicorn_wsgi() -> None:
    import uvicorn
    from django.core.wsgi import get_wsgi_application

    serve_with_uvicorn(uvicorn.Config(get_wsgi_application(), interface="wsgi", log_level="warning", lifespan="off"))


def serve_with_uvicorn(config) -> None:
    import uvicorn

    listener = listening()
    show(listener.getsockname()[1])
    asyncio.run(uvicorn.Server(config).serve([listener]))


def daphne(header: str | None = "X-Forwarded-For") -> None:
    from daphne.server import Server
    from django.core.asgi import get_asgi_application

    port = "X-Forwarded-Port" if header else None
    server: Any = Server(
        get_asgi_application(),
        endpoints=["tcp:port=0:interface=127.0.0.1"],
        proxy_forwarded_address_header=header,
        proxy_forwarded_port_header=port,
        ready_callable=lambda: show(server.listening_addresses[0][1]),
    )
    server.run()


def waitress(**options: Any) -> None:
    from django.core.wsgi import get_wsgi_application
    from waitress.server import create_server

    server = create_server(get_wsgi_application(), listen="127.0.0.1:0", threads=1, **options)
    show(server.effective_port)
    server.run()


SERVERS: dict[str, Callable[[], None]] = {
    "uvicorn": uvicorn,
    "uvicorn that trusts all": lambda: uvicorn(forwarded_allow_ips="*"),
    "uvicorn --no-proxy-headers": lambda: uvicorn(proxy_headers=False),
    "uvicorn for WSGI": uvicorn_wsgi,
    "daphne --proxy-headers": daphne,
    "daphne with X-Real-IP": lambda: daphne("X-Real-IP"),
    "daphne": lambda: daphne(None),
    "waitress with X-Forwarded-For": lambda: waitress(
        trusted_proxy="127.0.0.1", trusted_proxy_headers="x-forwarded-for"
    ),
    "waitress under another name": lambda: waitress(
        trusted_proxy="127.0.0.1", trusted_proxy_headers="x-forwarded-for", ident="shop"
    ),
    "waitress with Forwarded": lambda: waitress(trusted_proxy="127.0.0.1", trusted_proxy_headers="forwarded"),
    "waitress": waitress,
}

if __name__ == "__main__":
    configure(json.loads(sys.argv[2]))
    SERVERS[sys.argv[1]]()
