"""What clients of the example behind nginx do."""

import hashlib
import itertools
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.e2e.flask.served import Served
from tests.oauth_toolkit.support import REDIRECT, SECRET, VERIFIER
from wsgi_mtls.cli.terminators import MTLS_HOST
from wsgi_mtls.testing import KeyPair


@dataclass(frozen=True)
class Remote:
    """The example's endpoints."""

    served: Served
    data: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def token(self, client_id: str, pair: KeyPair | None, secret: str | None = None, **form: str) -> tuple[int, Any]:
        given = {"grant_type": "client_credentials", "client_id": client_id, **form}
        return self.served.send(pair, "/o/token/", urlencode(given | ({"client_secret": secret} if secret else {})))

    def code(self, client_id: str) -> str:
        """Return a code that is not used yet, of those that ``register.py`` has made."""
        return f"{client_id}-{next(self._numbers)}"

    def exchange(self, client_id: str, code: str, pair: KeyPair | None, secret: str | None = None) -> tuple[int, Any]:
        grant = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
        return self.token(client_id, pair, secret, code=code, **grant)

    def refresh(self, client_id: str, token: str, pair: KeyPair | None) -> tuple[int, Any]:
        return self.token(client_id, pair, grant_type="refresh_token", refresh_token=token)

    def access_token(self, client_id: str, pair: KeyPair | None, secret: str | None = None) -> str:
        status, answer = self.token(client_id, pair, secret)
        assert status == 200, answer
        return str(answer["access_token"])

    def accounts(self, token: str, pair: KeyPair | None, host: str = MTLS_HOST) -> int:
        return self.served.send(pair, "/accounts", headers={"Authorization": f"Bearer {token}"}, host=host)[0]

    def introspect(self, token: str) -> Any:
        form = {"client_id": "unbound", "client_secret": SECRET, "token": token}
        return self.served.send(None, "/o/introspect/", urlencode(form))[1]

    def store_confirmation(self, token: str, cnf: object) -> None:
        """Write a ``cnf`` to a token's row, as no server of ours would."""
        checksum, claims = hashlib.sha256(token.encode()).hexdigest(), json.dumps({"cnf": cnf})
        row = "SELECT id FROM oauth2_provider_accesstoken WHERE token_checksum = ?"
        table = "django_mtls_oauth_toolkit_accesstokenconfirmation"
        with closing(sqlite3.connect(self.data / "db.sqlite3", timeout=20)) as connection, connection:
            update = f"UPDATE {table} SET claims = ? WHERE token_id = ({row})"
            assert connection.execute(update, (claims, checksum)).rowcount == 1
