"""What the server stores."""

import time

from authlib.integrations.sqla_oauth2 import OAuth2AuthorizationCodeMixin, OAuth2ClientMixin, OAuth2TokenMixin
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase

from flask_mtls.authlib.models import (
    BoundTokenMixin,
    MutualTLSClientMixin,
    PushedRequestMixin,
    RegistrationTokenMixin,
    SingleUseCodeMixin,
)

from .profiles import is_allowed_redirect_uri

CODE_LIFETIME = 60
"""Seconds in which a code must be redeemed."""


class Base(DeclarativeBase):
    """The base of all models."""


db = SQLAlchemy(model_class=Base)


class User(db.Model):  # type: ignore[name-defined]
    """A resource owner."""

    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(40), unique=True, nullable=False)

    def get_user_id(self) -> int:
        """Return the key, as Authlib asks for it."""
        key: int = self.id
        return key


class OAuth2Client(db.Model, RegistrationTokenMixin, MutualTLSClientMixin, OAuth2ClientMixin):  # type: ignore[name-defined,misc]
    """A registered client."""

    id = db.Column(db.Integer, primary_key=True)
    may_introspect = db.Column(db.Boolean, nullable=False, default=False)
    """Whether it is an API, which may ask about all clients' tokens; not a scope, since clients register those."""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Return whether it is registered, and this server may send answers to it."""
        return super().check_redirect_uri(redirect_uri) and is_allowed_redirect_uri(redirect_uri)

    def get_default_redirect_uri(self) -> str | None:
        """Return the redirect URI for requests without one: the only registered one."""
        only: str | None = self.redirect_uris[0] if len(self.redirect_uris) == 1 else None
        return only if only is not None and is_allowed_redirect_uri(only) else None


class OAuth2AuthorizationCode(db.Model, SingleUseCodeMixin, OAuth2AuthorizationCodeMixin):  # type: ignore[name-defined,misc]
    """An authorization code."""

    id = db.Column(db.Integer, primary_key=True)
    user_id = db.Column(db.Integer, db.ForeignKey("user.id"))

    def is_expired(self) -> bool:
        """Return whether it has expired."""
        return bool(self.auth_time + CODE_LIFETIME <= time.time())


class PushedRequest(db.Model, PushedRequestMixin):  # type: ignore[name-defined,misc]
    """An authorization request that a client has pushed."""

    id = db.Column(db.Integer, primary_key=True)


class OAuth2Token(db.Model, BoundTokenMixin, OAuth2TokenMixin):  # type: ignore[name-defined,misc]
    """An access token, with its refresh token and what both are bound to."""

    id = db.Column(db.Integer, primary_key=True)
    user_id = db.Column(db.Integer, db.ForeignKey("user.id"))
