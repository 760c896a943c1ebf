"""Transactions of SQLAlchemy in which requests that meet wait for each other."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

try:
    from sqlalchemy import Engine
except ImportError as error:
    raise ImportError("flask_mtls.authlib.transactions needs SQLAlchemy: pip install 'wsgi-mtls[authlib]'.") from error


@contextmanager
def transaction(session: Any, model: Any) -> Iterator[None]:
    """Run the block in its own transaction; commit, or roll back if it failed."""
    begin(session, model)
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise


def begin(session: Any, model: Any) -> None:
    """Start a transaction that waits for others and then sees their changes.

    It does so whatever isolation level the engine has. In a stricter one, two requests that meet are an error. With
    AUTOCOMMIT, a second use of a code ends nothing while the first is about to save its token.
    """
    session.commit()
    bind = session.get_bind(model)
    # A session over a connection, as tests have, is in a transaction already. SQLite has no such level: one writes at a
    # time.
    if isinstance(bind, Engine) and bind.dialect.name != "sqlite":
        session.connection({"mapper": model}, {"isolation_level": "READ COMMITTED"})
