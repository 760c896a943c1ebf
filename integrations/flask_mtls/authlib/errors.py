"""The core's refusals as Authlib's errors."""

from typing import Any

from authlib.oauth2 import OAuth2Error
from flask import request

from wsgi_mtls.errors import InvalidToken, MutualTLSError
from wsgi_mtls.responses import error_response, token_error_response
from wsgi_mtls.verifier import Verifier

from ..proxies import current_view
from ..settings import current_state


class MutualTLSOAuth2Error(OAuth2Error):  # type: ignore[misc]  # Authlib has no types
    """A refusal that Authlib answers as the core does.

    Authlib's own ``invalid_client`` is a 400, or a 401 that offers ``Basic``. This one is always a 401, and names a
    scheme only where the request carried ``Authorization``: mutual TLS has no scheme to offer (RFC 6749 section 5.2).

    Attributes:
        refusal: the reason.
    """

    def __init__(self, refusal: MutualTLSError) -> None:
        super().__init__(error=refusal.error, status_code=refusal.status)
        self.refusal = refusal

    def __call__(self, uri: str | None = None) -> tuple[int, str, list[tuple[str, str]]]:
        """Return what ``AuthorizationServer.handle_response`` takes."""
        if isinstance(self.refusal, InvalidToken) and self.refusal.reason != "tokens_unavailable":
            answer: Any = token_error_response(self.refusal)
        else:
            answer = error_response(request.environ, self.refusal, current_state().settings.verbosity)
        return answer.status_code, answer.get_data(as_text=True), list(answer.headers)


def current_verifier() -> Verifier:
    """Return the verifier, which knows the server's clients.

    Raises:
        RuntimeError: If the app has none.
    """
    verifier = current_state().guard.verifier
    if verifier is None:
        raise RuntimeError("The authorization server needs MutualTLS(app, clients=ClientModelRegistry(query_client)).")
    return verifier


def rejected(error: MutualTLSError, client_id: str | None = None) -> MutualTLSOAuth2Error:
    """Report a client's refusal, unless the guard has, and return the error to raise."""
    current_state().guard.report_refusal(current_view(), error, client_id)
    return MutualTLSOAuth2Error(error)
