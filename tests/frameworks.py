"""One small site in several frameworks, to put behind the middleware: which of its views did a request reach?"""

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import bottle
import cherrypy
import falcon
import flask

from tests.odd_paths import GUARDED, OPEN

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # WebOb imports cgi, and Pyramid pkg_resources
    from pyramid.config import Configurator
    from pyramid.response import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Served = list[str]
"""The paths, as the site names them, of the views that were called."""

Site = Callable[[Served], "WSGIApplication"]


def bottle_site(served: Served) -> "WSGIApplication":
    app = bottle.Bottle()
    for path in GUARDED + OPEN:
        app.route(path, callback=_view(served, path))
    return app  # type: ignore[no-any-return]


def pyramid_site(served: Served) -> "WSGIApplication":
    """Pyramid's URL dispatch, with patterns that end in ``$``."""
    with Configurator() as config:
        for path in GUARDED + OPEN:
            config.add_route(path, path)
            config.add_view(_pyramid_view(served, path), route_name=path)
    return config.make_wsgi_app()  # type: ignore[no-any-return]


def pyramid_traversal_site(served: Served) -> "WSGIApplication":
    """Pyramid's traversal, which resolves dot segments, and takes ``@@name`` for the view ``name``."""
    with Configurator(root_factory=lambda request: {}) as config:
        for path in GUARDED + OPEN:
            config.add_view(_pyramid_view(served, path), name=path.removeprefix("/"))
    return config.make_wsgi_app()  # type: ignore[no-any-return]


def cherrypy_site(served: Served) -> "WSGIApplication":
    """CherryPy's dispatcher, which takes each punctuation character for an underscore."""
    root = type("Root", (), {})()
    for path in GUARDED + OPEN:
        setattr(root, path.removeprefix("/"), cherrypy.expose(_view(served, path)))
    app = cherrypy.Application(root, "")
    app.log.screen = False
    return app  # type: ignore[no-any-return]


def falcon_site(served: Served) -> "WSGIApplication":
    app = falcon.App()
    for path in GUARDED + OPEN:
        app.add_route(path, _FalconView(served, path))
    return app


def flask_site(served: Served) -> "WSGIApplication":
    app = flask.Flask(__name__)
    for path in GUARDED + OPEN:
        app.add_url_rule(path, path, _view(served, path))
    return app


SITES: dict[str, Site] = {
    "bottle": bottle_site,
    "pyramid": pyramid_site,
    "pyramid_traversal": pyramid_traversal_site,
    "cherrypy": cherrypy_site,
    "falcon": falcon_site,
    "flask": flask_site,
}


def _view(served: Served, path: str) -> Callable[[], str]:
    def view() -> str:
        served.append(path)
        return "content"

    return view


def _pyramid_view(served: Served, path: str) -> Callable[[Any, Any], Any]:
    def view(context: Any, request: Any) -> Any:
        served.append(path)
        return Response("content")

    return view


class _FalconView:
    def __init__(self, served: Served, path: str) -> None:
        self._served = served
        self._path = path

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        self._served.append(self._path)
        response.text = "content"
