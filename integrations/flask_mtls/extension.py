"""The extension: ``MutualTLS(app)``."""

from typing import TYPE_CHECKING
from warnings import warn

from flask import Blueprint, Flask

from wsgi_mtls import MutualTLSError, Verifier
from wsgi_mtls.config import Clients, Source
from wsgi_mtls.tokens import AccessTokens
from wsgi_mtls.wsgi import PeerMiddleware

from .cli import commands
from .refusals import answer
from .settings import misspelt_settings, read_settings

if TYPE_CHECKING:
    from wsgi_mtls.tokens import DPoP


class MutualTLS:
    """The Flask extension for OAuth 2.0 Mutual-TLS (RFC 8705).

    One extension may serve several apps. The arguments are defaults; an app's own settings
    (:data:`flask_mtls.settings.SETTINGS`) go before them. What an app is configured for is in
    ``app.extensions["mtls"]``.

    Args:
        app: the app, or None where :meth:`init_app` is called later.
        clients: the registered clients, as ``MTLS_CLIENTS``.
        source: where the certificate is, as ``MTLS_SOURCE``.
        verifier: authenticates clients, instead of a verifier that is made from ``clients``.
        tokens: decodes access tokens, as ``MTLS_TOKENS``.
        dpop: checks the proofs of tokens that are bound to a DPoP key, as ``MTLS_DPOP``.

    Raises:
        ValueError: If ``clients`` and ``verifier`` are both given, or some settings are wrong.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        clients: Clients | None = None,
        source: Source | None = None,
        verifier: Verifier | None = None,
        tokens: AccessTokens | None = None,
        dpop: "DPoP | None" = None,
    ) -> None:
        if clients is not None and verifier is not None:
            raise ValueError("Give clients or verifier, not both: a verifier has its own clients.")
        self._verifier = verifier
        self._defaults = {"MTLS_CLIENTS": clients, "MTLS_SOURCE": source, "MTLS_TOKENS": tokens, "MTLS_DPOP": dpop}
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Make an app ready.

        Raises:
            RuntimeError: If it is already.
            InvalidSettings: If some settings are wrong.
        """
        if "mtls" in app.extensions:
            raise RuntimeError("This app has a MutualTLS already: give MutualTLS the app, or call init_app, once.")
        for problem in misspelt_settings(app):
            warn(str(problem), stacklevel=2)
        app.config.update({name: value for name, value in self._defaults.items() if app.config.get(name) is None})
        state = app.extensions["mtls"] = read_settings(app, self._verifier)
        app.wsgi_app = PeerMiddleware(app.wsgi_app, state.guard)  # type: ignore[method-assign]  # as Flask's docs do
        app.register_error_handler(MutualTLSError, answer)
        app.register_blueprint(Blueprint("flask_mtls", __name__, template_folder="templates"))  # an app's own go first
        app.cli.add_command(commands)
