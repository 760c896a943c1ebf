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


def run(effort: Effort) -> Iterator[Table]:
    """Measure the growth, and draw it."""
    with tempfile.TemporaryDirectory() as folder:
        site.configure(Path(folder) / "site.sqlite3")
        site.fill()
        keys = ("django-keys", "keys")
        yield grow("Django: keys of a self-signed client", keys, [1, 10, 100, 1000], _keys, effort, at_most=1.2)


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
