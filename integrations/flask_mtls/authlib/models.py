"""Mixins for SQLAlchemy models, each before Authlib's own."""

from collections.abc import Mapping
from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe
from typing import Any

try:
    from sqlalchemy import JSON, Boolean, Column, Integer, String, Text
except ImportError as error:
    raise ImportError("flask_mtls.authlib.models needs SQLAlchemy: pip install 'wsgi-mtls[authlib]'.") from error

from wsgi_mtls.clients import AUTH_METHODS, SUBJECT_KINDS

from .hardening.secrets import OptionalSecretMixin
from .mixin import Mixin

_BOUND = "tls_client_certificate_bound_access_tokens"


class MutualTLSClientMixin(OptionalSecretMixin, Mixin):
    """A mixin with a column for each member that RFC 8705 registers.

    It comes before Authlib's ``OAuth2ClientMixin``. ``set_client_metadata`` fills them and ``client_metadata`` returns
    them with the others, so that dynamic registration needs nothing else. ``client_id`` is unique: of two rows, the
    older would go on authenticating.
    """

    client_id = Column(String(255), unique=True, nullable=False)
    tls_client_auth_subject_dn = Column(Text)
    tls_client_auth_san_dns = Column(Text)
    tls_client_auth_san_uri = Column(Text)
    tls_client_auth_san_ip = Column(Text)
    tls_client_auth_san_email = Column(Text)
    tls_client_certificate_bound_access_tokens = Column(Boolean, nullable=False, default=False)

    @property
    def client_metadata(self) -> dict[str, Any]:
        """All registered metadata."""
        found: dict[str, Any] = {name: value for name in SUBJECT_KINDS if (value := getattr(self, name)) is not None}
        bound = {_BOUND: True} if self.tls_client_certificate_bound_access_tokens else {}
        return {**super().client_metadata, **found, **bound}  # type: ignore[misc]

    def set_client_metadata(self, value: Mapping[str, Any]) -> None:
        """Replace all registered metadata."""
        for name in SUBJECT_KINDS:
            setattr(self, name, value.get(name))
        setattr(self, _BOUND, value.get(_BOUND, False))
        others = {name: member for name, member in value.items() if name not in {*SUBJECT_KINDS, _BOUND}}
        super().set_client_metadata(others)  # type: ignore[misc]

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Allow mutual TLS at each endpoint only to clients that are registered for it."""
        registered: str = self.token_endpoint_auth_method  # type: ignore[attr-defined]
        if method in AUTH_METHODS or registered in AUTH_METHODS:
            return method == registered
        return bool(super().check_endpoint_auth_method(method, endpoint))  # type: ignore[misc]


def new_grant_id() -> str:
    """Return a name for one authorization, which all tokens that come of it share."""
    return token_urlsafe(32)


class SingleUseCodeMixin(Mixin):
    """A mixin with whether a code was redeemed, and what finds its tokens.

    It comes before Authlib's ``OAuth2AuthorizationCodeMixin``. The row stays after the code was redeemed, so that a
    second use is seen (RFC 6749 section 4.1.2).
    """

    client_id = Column(String(255))
    grant_id = Column(String(43), unique=True, nullable=False, default=new_grant_id)
    redeemed_at = Column(Integer, nullable=False, default=0)


class BoundTokenMixin(Mixin):
    """A mixin with a token's binding and origin, and room for a JWT.

    It comes before Authlib's ``OAuth2TokenMixin``.
    """

    client_id = Column(String(255))
    access_token = Column(String(4096), unique=True, nullable=False)
    cnf = Column(JSON(none_as_null=True))
    grant_id = Column(String(43), index=True, nullable=False, default=new_grant_id)


class PushedRequestMixin:
    """An authorization request that a client has pushed (RFC 9126).

    The row is deleted when the request is used.
    """

    request_uri = Column(String(255), unique=True, nullable=False)
    client_id = Column(String(255), nullable=False)
    parameters = Column(JSON, nullable=False)
    expires_at = Column(Integer, nullable=False, index=True)


class RegistrationTokenMixin:
    """A client that may manage its registration by a token (RFC 7592).

    The hash of the token is stored.
    """

    registration_token_hash = Column(String(64))
    registered_by_certificate = Column(Boolean, nullable=False, default=False)

    def new_registration_access_token(self) -> str:
        """Make a registration access token, which replaces the last one, and return it."""
        token = token_urlsafe(32)
        self.registration_token_hash = sha256(token.encode()).hexdigest()  # type: ignore[assignment]  # a column's value
        return token

    def check_registration_access_token(self, token: str) -> bool:
        """Return whether a token is this client's."""
        stored = self.registration_token_hash
        return bool(stored) and compare_digest(str(stored), sha256(token.encode()).hexdigest())
