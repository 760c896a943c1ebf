"""How the cost of a decision grows in Django with the keys of a client."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from wsgi_mtls import PeerCertificate, jwk
from wsgi_mtls.testing import self_sign

from . import django_site as site
from .effort import Effort
from .growing import grow
from .tables import Table
from .timing import Run

_SIZES = [1, 10, 100, 1000]
_STOPS = (
    "Each request reads the client's row anew, so that a key which was removed past save() does not count. The row of "
    "a thousand keys has 690 kB; the table below has what it takes to read it and do nothing else. Its text is then "
    "compared with the one that was parsed before. Tried: the search keys decide, which are wrong after a change past "
    "save(); a stored digest of the keys, which is wrong then too; the database compares the text, which reads as much "
    "(83 to 95 µs of 108)."
)


def run(effort: Effort) -> Iterator[Table]:
    """Measure the growth, and draw it."""
    with tempfile.TemporaryDirectory() as folder:
        site.configure(Path(folder) / "site.sqlite3")
        site.fill()
        keys = ("django-keys", "keys")
        yield grow("Django: keys of a self-signed client", keys, _SIZES, _keys, effort, at_most=1.2, stops=_STOPS)
        yield grow("Django: their rows, read and no more", ("django-rows", "keys"), _SIZES, _rows, effort)


def _keys(size: int) -> Mapping[str, Run]:
    from django_mtls.models import RegisteredClient
    from django_mtls.verification import verifier

    made = [self_sign(f"CN=s{i}").certificate for i in range(size)]
    RegisteredClient.objects.create(
        client_id=f"keys{size}",
        token_endpoint_auth_method="self_signed_tls_client_auth",
        jwks={"keys": [jwk(certificate) for certificate in made]},
    )
    peer = PeerCertificate(made[-1], (), False, "benchmark")
    return {"authenticate": lambda: verifier().authenticate(f"keys{size}", peer)}


def _rows(size: int) -> Mapping[str, Run]:
    from django.db import connection

    def read() -> object:
        with connection.cursor() as cursor:
            query = "SELECT client_id, jwks FROM django_mtls_registeredclient WHERE client_id = %s AND enabled"
            cursor.execute(query, [f"keys{size}"])
            return cursor.fetchall()

    return {"SELECT": read}
