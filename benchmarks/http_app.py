"""The application of one server of the HTTP benchmark, for gunicorn.

``BENCHMARK_APP`` names it.
"""

import os
from pathlib import Path
from typing import Any

from joserfc.jwk import RSAKey


def _application() -> Any:
    name, folder = os.environ["BENCHMARK_APP"], Path(os.environ["BENCHMARK_FOLDER"])
    if name.startswith("django"):
        return _django(name, folder)
    from . import flask_apps

    key = RSAKey.import_key((folder / "token.key").read_bytes(), {"kid": "k1"})
    match name:
        case "flask-plain":
            return flask_apps.plain()
        case "flask-form":
            return flask_apps.reading()
        case "flask-authlib":
            return flask_apps.authlib(key)
        case _:
            return flask_apps.guarded(key)


def _django(name: str, folder: Path) -> Any:
    from . import django_site as site

    middleware = {
        "django-plain": (),
        "django-session": (site.SESSION, site.AUTH),
        "django-login": (site.CERTIFICATE, site.SESSION, site.AUTH, site.LOGIN),
    }
    site.configure(folder / "site.sqlite3", middleware[name])
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


application = _application()
