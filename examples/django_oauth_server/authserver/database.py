"""``DATABASE_URL`` as Django wants it."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


def database(url: str | None, data: Path) -> dict[str, Any]:
    """Return the database of a PostgreSQL URL, or SQLite in the folder.

    The URL is ``postgresql://user:password@host:port/name?sslmode=require``. The query has parameters of libpq.
    """
    if not url:
        # One worker writes at a time. A transaction that reads first and writes later does not wait for its turn, and
        # fails with "database is locked"; one that begins as a writer waits.
        options = {"timeout": 20, "transaction_mode": "IMMEDIATE"}
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": data / "db.sqlite3", "OPTIONS": options}
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise SystemExit("DATABASE_URL must begin with postgresql://")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "OPTIONS": dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))),
    }
