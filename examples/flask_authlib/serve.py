"""The app, for ``wsgi-mtls serve serve:app``."""

from authserver import create_app

app = create_app()
