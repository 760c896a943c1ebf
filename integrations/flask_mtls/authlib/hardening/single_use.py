"""Mixins for Authlib's grants that make codes and refresh tokens single-use.

A refresh token that is bound can be used again. Authlib saves the new token first and ends the code or the old refresh
token afterwards: of two requests at once, both get tokens. A second use of a code, or of a refresh token that rotated,
ends nothing (RFC 6749 section 4.1.2, RFC 9700 section 4.14.2).

Needed up to Authlib 1.9, the newest release.
"""

import time
from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError

try:
    from sqlalchemy import or_, select, update
except ImportError as error:
    raise ImportError(
        "flask_mtls.authlib.hardening.single_use needs SQLAlchemy: pip install 'wsgi-mtls[authlib]'."
    ) from error

from wsgi_mtls.binding import must_rotate

from ..errors import current_verifier
from ..mixin import Mixin
from ..transactions import begin, transaction


class _UsesUp:
    """The part that both grants have.

    Attributes:
        session: the SQLAlchemy session in which the server's ``save_token`` function stores a token.
        token_model: the model of tokens, with :class:`~flask_mtls.authlib.models.BoundTokenMixin`.
    """

    session: Any
    token_model: Any
    request: Any

    def _save_once(self, use_up: Any, grant_id: str, token: Mapping[str, Any]) -> bool:
        """Use up the code or token and save the new token; return whether it was valid.

        Both happen in one transaction.
        """
        # First of its transaction: the database then locks and counts the newest row, not one that was read before.
        with transaction(self.session, self.token_model):
            if self.session.execute(use_up.execution_options(synchronize_session=False)).rowcount != 1:
                return False
            super().save_token({**token, "grant_id": grant_id})  # type: ignore[misc]
            stored = select(self.token_model.grant_id).where(self.token_model.access_token == token["access_token"])
            if self.session.scalar(stored) != grant_id:
                raise RuntimeError("The function save_token must store token['grant_id'], in the same session.")
        return True

    def _end_grant(self, grant_id: str) -> None:
        end_grant(self.session, self.token_model, grant_id)


class SingleUseCodeGrantMixin(Mixin, _UsesUp):
    """A mixin for Authlib's ``AuthorizationCodeGrant``: a code is redeemed once.

    It comes before that class. RFC 6749 section 4.1.2 requires it. A second use is ``invalid_grant``, and revokes the
    tokens that came of the code.

    Attributes:
        code_model: the model of codes, with :class:`~flask_mtls.authlib.models.SingleUseCodeMixin`.
    """

    code_model: Any

    def query_authorization_code(self, code: str, client: Any) -> Any:
        """Return this client's code, or None if it is unknown, used or expired.

        What a used code gave is ended.
        """
        model = self.code_model
        row = self.session.scalar(select(model).where(model.code == code, model.client_id == client.get_client_id()))
        if row is not None and row.redeemed_at:
            self._end_grant(row.grant_id)
            return None
        return None if row is None or row.is_expired() else row

    def save_token(self, token: Mapping[str, Any]) -> None:
        """Redeem the code and save the token.

        Raises:
            OAuth2Error: If another request has redeemed the code, or the server refuses to save the token.
        """
        row, model = self.request.authorization_code, self.code_model
        grant_id = row.grant_id
        redeem = (
            update(model).where(model.code == row.code, model.redeemed_at == 0).values(redeemed_at=int(time.time()))
        )
        if not self._save_once(redeem, grant_id, token):
            self._end_grant(grant_id)
            raise InvalidGrantError("Invalid 'code' in request.")

    def delete_authorization_code(self, authorization_code: Any) -> None:
        """Keep the code: ``save_token`` has redeemed it, and a second use must be seen."""


class RefreshTokenGrantMixin(Mixin, _UsesUp):
    """A mixin for Authlib's ``RefreshTokenGrant`` that rotates unbound tokens.

    It comes before that class. Only a public client's unbound token is rotated; others are kept. A second use of a
    rotated one is ``invalid_grant``, and revokes all that came of the same authorization: the client and a thief look
    alike (RFC 9700 section 4.14.2).
    """

    def authenticate_refresh_token(self, refresh_token: str) -> Any:
        """Return the row of a valid refresh token.

        The grant of a token that was used before is ended.
        """
        row = self.session.scalar(select(self.token_model).where(self.token_model.refresh_token == refresh_token))
        if row is None or not row.refresh_token_revoked_at:
            return row
        if row.check_client(self.request.client):
            self._end_grant(row.grant_id)
        return None

    def issue_token(self, user: Any, refresh_token: Any) -> Any:
        """Generate a token, with a new refresh token where the old one rotates."""
        self.INCLUDE_NEW_REFRESH_TOKEN = self._rotates(refresh_token)
        return super().issue_token(user, refresh_token)  # type: ignore[misc]

    def save_token(self, token: Mapping[str, Any]) -> None:
        """Save the token, and use up the old refresh token where it rotates.

        Raises:
            OAuth2Error: If another request has used or revoked it, or the server refuses to save the token.
        """
        row, model = self.request.refresh_token, self.token_model
        grant_id, rotates = row.grant_id, self._rotates(row)
        # Where it stays, this locks the row: a revocation under way is waited for, and waits for the new token.
        ended = {name: int(time.time()) for name in _REVOKED} if rotates else {"refresh_token_revoked_at": 0}
        use_up = update(model).where(model.refresh_token == row.refresh_token, model.refresh_token_revoked_at == 0)
        if not self._save_once(use_up.values(ended), grant_id, token):
            self._end_grant(grant_id)
            raise InvalidGrantError

    def revoke_old_credential(self, refresh_token: Any) -> None:
        """Leave the old tokens alone: ``save_token`` has ended those that rotate."""

    def _rotates(self, row: Any) -> bool:
        client = current_verifier().client(self.request.client.get_client_id())
        return must_rotate({} if row.cnf is None else {"cnf": row.cnf}, client)


_REVOKED = ("access_token_revoked_at", "refresh_token_revoked_at")


def end_grant(session: Any, token_model: Any, grant_id: str) -> None:
    """Revoke all tokens that came of one authorization, and commit.

    A revocation endpoint can also call it.

    Args:
        session: the SQLAlchemy session.
        token_model: the model of tokens, with :class:`~flask_mtls.authlib.models.BoundTokenMixin`.
        grant_id: of any of these tokens.
    """
    of_grant, columns = token_model.grant_id == grant_id, [getattr(token_model, name) for name in _REVOKED]
    locked = select(token_model.access_token).where(of_grant).order_by(token_model.access_token).with_for_update()
    live = select(token_model.grant_id).where(of_grant, or_(*(column == 0 for column in columns))).limit(1)
    while True:
        begin(session, token_model)
        session.execute(locked)  # in one order, so that two of us at once do not wait for each other
        for column in columns:
            ended = update(token_model).where(of_grant, column == 0).values({column: int(time.time())})
            session.execute(ended.execution_options(synchronize_session=False))
        session.commit()
        # A refresh that was under way has added a token that the statements above could not see.
        if session.scalar(live) is None:
            return
