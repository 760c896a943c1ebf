"""Parameters that Authlib reads from the query first, or passes on with NUL.

``FlaskOAuth2Payload`` reads ``request.values``, in which the query goes first: a ``scope`` on the URL replaces the one
in the body. No parameter may hold NUL (RFC 6749 appendix A), and PostgreSQL's drivers raise an error for it.

Needed up to Authlib 1.9, the newest release.
"""

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from wsgi_mtls.errors import InvalidRequest

from ..requests import drop_body

_OAUTH = frozenset({
    "actor_token", "actor_token_type", "assertion", "audience", "auth_req_id", "authorization_details", "claims",
    "client_assertion", "client_assertion_type", "client_id", "client_secret", "code", "code_verifier", "device_code",
    "grant_type", "password", "redirect_uri", "refresh_token", "request", "request_uri", "requested_token_type",
    "resource", "scope", "subject_token", "subject_token_type", "token", "token_type_hint", "username",
})  # fmt: skip
"""The parameters of requests to these endpoints, as IANA's registry has them."""


def refuse_nul() -> None:
    """Refuse a parameter that holds NUL.

    Raises:
        InvalidRequest: If one does, the form is longer than Flask allows, or ``Authorization`` can't be read.
    """
    try:
        basic = request.authorization
    except ValueError:  # what Werkzeug makes of "Authorization: Basic" and something that is not ASCII
        raise InvalidRequest("Authorization can't be read.", reason="malformed_authorization") from None
    try:
        forms = (request.args, request.form)
    except RequestEntityTooLarge:
        drop_body()
        raise InvalidRequest(
            "The body is longer than the app's MAX_CONTENT_LENGTH or MAX_FORM_MEMORY_SIZE.", reason="body_too_large"
        ) from None
    texts = [text for form in forms for pair in form.items(multi=True) for text in pair]
    if any("\0" in text for text in (*texts, str((basic and basic.username) or ""))):
        raise InvalidRequest("A parameter holds NUL.", reason="malformed_body")


def refuse_query() -> None:
    """Refuse a parameter in the query.

    Authlib would read it before the body, and logs on the way hold it.

    Raises:
        InvalidRequest: If a parameter of OAuth is in the query, or one that is also in the body.
    """
    if "client_id" in request.args:
        raise InvalidRequest(
            "Send client_id in the body alone: Authlib would read the query first.", reason="client_id_in_query"
        )
    found = sorted(name for name in request.args if name in _OAUTH or name in request.form)
    if found:
        raise InvalidRequest(
            f"Send {', '.join(found)} in the body alone: Authlib would read the query first.",
            reason="parameter_in_query",
        )
