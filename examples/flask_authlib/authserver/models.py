"""What the server stores."""

from authlib.integrations.sqla_oauth2 import OAuth2AuthorizationCodeMixin, OAuth2ClientMixin, OAuth2TokenMixin
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase

from flask_mtls.authlib.models import BoundTokenMixin, MutualTLSClientMixin, SingleUseCodeMixin


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


class OAuth2Client(db.Model, MutualTLSClientMixin, OAuth2ClientMixin):  # type: ignore[name-defined,misc]
    """A registered client."""

    id = db.Column(db.Integer, primary_key=True)
    may_introspect = db.Column(db.Boolean, nullable=False, default=False)
    """Whether it is an API, which may ask about everybody's tokens; no scope, since clients register those."""


class OAuth2AuthorizationCode(db.Model, SingleUseCodeMixin, OAuth2AuthorizationCodeMixin):  # type: ignore[name-defined,misc]
    """An authorization code."""

    id = db.Column(db.Integer, primary_key=True)
    user_id = db.Column(db.Integer, db.ForeignKey("user.id"))


class OAuth2Token(db.Model, BoundTokenMixin, OAuth2TokenMixin):  # type: ignore[name-defined,misc]
    """An access token, with its refresh token and what both are bound to."""

    id = db.Column(db.Integer, primary_key=True)
    user_id = db.Column(db.Integer, db.ForeignKey("user.id"))
