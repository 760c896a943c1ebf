"""Pushed authorization requests in a SQLAlchemy database."""

import time
from typing import Any

from sqlalchemy import delete, select

from .pushed_authorization import Parameters
from .transactions import transaction


class SQLPushedRequests:
    """A store of pushed requests in SQLAlchemy.

    It is for :mod:`~flask_mtls.authlib.pushed_authorization`. Only one of many calls at once deletes a used request.

    Args:
        session: the SQLAlchemy session. Transactions of it are begun and committed here.
        model: the model, with :class:`~flask_mtls.authlib.models.PushedRequestMixin`.
    """

    def __init__(self, session: Any, model: Any) -> None:
        self._session = session
        self._model = model

    def save(self, request_uri: str, client_id: str, parameters: Parameters, expires_at: int) -> None:
        """Keep a request."""
        row = self._model(
            request_uri=request_uri, client_id=client_id, parameters=dict(parameters), expires_at=expires_at
        )
        with transaction(self._session, self._model):
            self._session.add(row)

    def get(self, request_uri: str, client_id: str) -> Parameters | None:
        """Return this client's request; None if it is unknown, used or expired."""
        found = select(self._model.parameters).where(*self._is_good(request_uri, client_id))
        parameters: Parameters | None = self._session.scalar(found)
        return parameters

    def use_up(self, request_uri: str, client_id: str) -> bool:
        """Delete this client's request, and return whether it was good until now."""
        ended = delete(self._model).where(*self._is_good(request_uri, client_id))
        # First of its transaction: the database then waits for another request's deletion, and finds nothing.
        with transaction(self._session, self._model):
            result = self._session.execute(ended.execution_options(synchronize_session=False))
        return bool(result.rowcount == 1)

    def delete_expired(self) -> None:
        """Delete the requests that were never used.

        A command that the operator runs now and then can call it.
        """
        with transaction(self._session, self._model):
            self._session.execute(delete(self._model).where(self._model.expires_at <= int(time.time())))

    def _is_good(self, request_uri: str, client_id: str) -> tuple[Any, ...]:
        model = self._model
        return (
            model.request_uri == request_uri,
            model.client_id == client_id,
            model.expires_at > int(time.time()),
        )
