"""Start the site with one command.

Certificates and a database are made the first time.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsgi_mtls.testing import KeyPair

BASE = Path(__file__).parent
PASSWORD = b"intranet"
"""Of the files for the browser, which wants one."""


def main() -> None:
    """Parse the arguments, make what is missing, serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=BASE / "data", help="the folder of certificates and database")
    parser.add_argument("--port", type=int, default=8443)
    parser.add_argument("--prepare", action="store_true", help="make what is missing and end")
    options = parser.parse_args()
    sys.path.insert(0, str(BASE))
    os.environ |= {"INTRANET_DATA": str(options.data.resolve()), "DJANGO_SETTINGS_MODULE": "intranet.settings"}
    options.data.mkdir(parents=True, exist_ok=True)
    import django

    django.setup()
    prepare(options.data)
    if not options.prepare:
        serve(options.data, options.port)


def prepare(data: Path) -> None:
    """Make the certificates and the database, unless they are there."""
    from django.core.management import call_command

    if not (data / "ca.pem").exists():
        make_certificates(data)
    call_command("migrate", verbosity=0)
    register(data)


def make_certificates(data: Path, ca: "KeyPair | None" = None) -> None:
    """Make a CA, a server, two users, a client of the CA and a self-signed one."""
    from wsgi_mtls.testing import SERVER_AUTH, Profile, make_ca, self_sign, to_pem

    ca = ca or make_ca("CN=Intranet development CA")
    hosts = ["localhost", "mtls.example.com", "www.example.com"]
    server = Profile(san_dns=hosts, san_ip=["127.0.0.1"], extended_key_usage=SERVER_AUTH)
    pairs = {
        "server": ca.issue("CN=localhost", server),
        "alice": ca.issue("CN=alice,O=Intranet", Profile(san_email=["alice@example.com"])),
        "bob": ca.issue("CN=bob,O=Intranet"),
        "billing": ca.issue("CN=billing", Profile(san_dns=["billing.example.com"])),
        "mobile": self_sign("CN=mobile"),
    }
    (data / "ca.pem").write_bytes(to_pem(ca.certificate))
    for name, pair in pairs.items():
        (data / f"{name}.pem").write_bytes(pair.certificate_pem)
        key = data / f"{name}.key"
        key.touch(mode=0o600)
        key.write_bytes(pair.key_pem)
        write_pkcs12(data / f"{name}.p12", name, pair.certificate.der, pair.key)


def write_pkcs12(path: Path, name: str, der: bytes, key: object) -> None:
    """Write a certificate and its key as browsers want them."""
    from typing import cast

    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
    from cryptography.hazmat.primitives.serialization.pkcs12 import (
        PKCS12PrivateKeyTypes,
        serialize_key_and_certificates,
    )

    certificate, encryption = x509.load_der_x509_certificate(der), BestAvailableEncryption(PASSWORD)
    private_key = cast("PKCS12PrivateKeyTypes", key)
    path.write_bytes(serialize_key_and_certificates(name.encode(), private_key, certificate, None, encryption))


def register(data: Path) -> None:
    """Make the users, and register the clients as an operator would."""
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from django_mtls.models import RegisteredClient

    for name in ("alice", "bob"):
        if not User.objects.filter(username=name).exists():
            staff = name == "alice"
            user = User(username=name, is_staff=staff, is_superuser=staff)
            user.set_unusable_password()
            user.save()
    for client_id in ("billing", "mobile"):
        if not RegisteredClient.objects.filter(client_id=client_id).exists():
            call_command("mtls_register_client", client_id, str(data / f"{client_id}.pem"), verbosity=0)


def serve(data: Path, port: int) -> None:
    """Serve over TLS until interrupted."""
    from intranet.wsgi import application

    from wsgi_mtls.server import make_server

    certificate, key, ca = (data / name for name in ("server.pem", "server.key", "ca.pem"))
    server = make_server(application, certificate=certificate, private_key=key, client_ca=ca, port=port)
    server.prepare()
    url = f"https://localhost:{server.bind_addr[1]}"
    curl = f"curl --cacert {ca} --cert {data}/billing.pem --key {data}/billing.key"
    sys.stdout.write(f"""{url}
In the browser: trust {ca}, and import {data / "alice.p12"} (password {PASSWORD.decode()}).
    {curl} -d client_id=billing {url}/token
    {curl} -H "Authorization: Bearer …" {url}/accounts
""")
    sys.stdout.flush()
    try:
        server.serve()
    except KeyboardInterrupt:
        server.stop()


if __name__ == "__main__":
    main()
