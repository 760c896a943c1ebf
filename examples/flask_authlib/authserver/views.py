"""The endpoints, and an API."""

import secrets
from typing import Any

from authlib.integrations.flask_oauth2 import current_token
from authlib.oauth2 import OAuth2Error
from flask import Blueprint, abort, render_template, request, session
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError

from .models import User, db
from .oauth import require_oauth, server

blueprint = Blueprint("oauth", __name__)

# RFC 9700 sections 4.16 and 4.2.4: no other site frames the page, or learns the address that led here.
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


@blueprint.get("/")
def index() -> str:
    """Show a browser what is here."""
    return render_template("index.html")


@blueprint.route("/oauth/authorize", methods=["GET", "POST"])
def authorize() -> ResponseReturnValue:
    """Ask the user. A real server has a login; this one believes any typed name."""
    try:
        grant = server.get_consent_grant(end_user=None)
    except OAuth2Error as error:
        answer: ResponseReturnValue = server.handle_error_response(request, error)
        return answer
    if request.method == "GET":
        csrf = session["csrf"] = secrets.token_urlsafe()
        client = grant.client.client_name or grant.client.client_id
        return render_template("consent.html", client=client, scope=grant.request.scope, csrf=csrf), PAGE_HEADERS
    expected = session.pop("csrf", None)
    if not expected or not secrets.compare_digest(request.form.get("csrf", "").encode(), expected.encode()):
        abort(403)
    response: ResponseReturnValue = server.create_authorization_response(grant_user=_user(), grant=grant)
    return response


@blueprint.post("/oauth/token")
def token() -> ResponseReturnValue:
    """Issue a token."""
    response: ResponseReturnValue = server.create_token_response()
    return response


@blueprint.post("/oauth/introspect")
def introspect() -> ResponseReturnValue:
    """Answer an API's question about a token."""
    response: ResponseReturnValue = server.create_endpoint_response("introspection")
    return response


@blueprint.post("/oauth/revoke")
def revoke() -> ResponseReturnValue:
    """End a token."""
    response: ResponseReturnValue = server.create_endpoint_response("revocation")
    return response


@blueprint.post("/oauth/register")
def register() -> ResponseReturnValue:
    """Register a client."""
    response: ResponseReturnValue = server.create_endpoint_response("client_registration")
    return response


@blueprint.route("/oauth/register/<client_id>", methods=["GET", "PUT", "DELETE"])
def configure(client_id: str) -> ResponseReturnValue:
    """Return, replace or delete a client's registration."""
    response: ResponseReturnValue = server.create_endpoint_response("client_configuration")
    return response


@blueprint.post("/oauth/par")
def push() -> ResponseReturnValue:
    """Keep an authorization request until the browser brings its reference."""
    response: ResponseReturnValue = server.create_endpoint_response("pushed_authorization_request")
    return response


@blueprint.get("/accounts")
@require_oauth("accounts")
def accounts() -> dict[str, Any]:
    """Answer the holder of the token's key."""
    return {"client_id": current_token.client_id, "user_id": current_token.user_id}


def _user() -> User | None:
    name = request.form.get("user", "")
    if not name or request.form.get("consent") != "yes":
        return None
    by_name = db.select(User).filter_by(name=name[:40])
    user: User | None = db.session.scalar(by_name)
    if user is None:
        user = User(name=name[:40])
        db.session.add(user)
        try:
            db.session.commit()
        except IntegrityError:  # another request was faster
            db.session.rollback()
            user = db.session.scalar(by_name)
    return user
