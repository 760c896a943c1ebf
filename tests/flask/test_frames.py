"""How much code runs in Flask for a request whose certificate was seen before."""

from flask import Flask

from flask_mtls import MutualTLS, client_auth_required, current_client
from tests.frames import frames_of_the_last, needs_cpython_311
from tests.unit.test_frames import METADATA, environ, start


@needs_cpython_311
def test_a_client() -> None:
    app = Flask("application")
    MutualTLS(app, clients={"billing": METADATA}, source={"preset": "nginx", "trusted_proxies": ["127.0.0.1"]})
    app.add_url_rule("/token", view_func=client_auth_required(lambda: current_client.client_id), methods=["POST"])
    entered = frames_of_the_last(lambda request: list(app(request, start)), [environ(), environ()])
    entered.check(frames=53, files=16)  # the view's own frame is the test's
    assert entered.count("GuardedHeaders.read") == 1
