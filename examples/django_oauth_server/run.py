"""Start the server with one command.

Certificates, a database and clients are made the first time.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

BASE = Path(__file__).parent
PASSWORD = "authserver"
"""Of the administrator anna."""
REDIRECT = "https://localhost:9000/callback"


def main() -> None:
    """Parse the arguments, make what is missing, serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=BASE / "data", help="the folder of certificates and database")
    parser.add_argument("--port", type=int, default=8443)
    parser.add_argument("--prepare", action="store_true", help="make what is missing and end")
    options = parser.parse_args()
    sys.path.insert(0, str(BASE))
    os.environ |= {"OAUTH_DATA": str(options.data.resolve()), "DJANGO_SETTINGS_MODULE": "authserver.settings"}
    os.environ.setdefault("OAUTH_ISSUER", f"https://localhost:{options.port}")
    options.data.mkdir(parents=True, exist_ok=True)
    import django

    django.setup()
    prepare(options.data)
    if not options.prepare:
        serve(options.data, options.port)


def prepare(data: Path) -> None:
    """Make the certificates, the database and the clients, unless they are there."""
    from django.contrib.auth.models import User
    from django.core.management import call_command

    if not (data / "ca.pem").exists():
        make_certificates(data)
    call_command("migrate", verbosity=0)
    if not User.objects.filter(username="anna").exists():
        User.objects.create_superuser("anna", password=PASSWORD)
        register(data)


def make_certificates(data: Path) -> None:
    """Make a CA and the certificates.

    They are for a server, two clients of the CA, a self-signed client, and an unregistered device.
    """
    from wsgi_mtls.testing import SERVER_AUTH, Profile, make_ca, self_sign, to_pem

    ca = make_ca("CN=Development CA")
    hosts = ["localhost", "mtls.example.com", "www.example.com"]
    server = Profile(san_dns=hosts, san_ip=["127.0.0.1"], extended_key_usage=SERVER_AUTH)
    pairs = {
        "server": ca.issue("CN=localhost", server),
        "billing": ca.issue("CN=billing", Profile(san_dns=["billing.example.com"])),
        "web": ca.issue("CN=web", Profile(san_dns=["web.example.com"])),
        "api": self_sign("CN=api"),
        "device": self_sign("CN=device"),
    }
    (data / "ca.pem").write_bytes(to_pem(ca.certificate))
    for name, pair in pairs.items():
        (data / f"{name}.pem").write_bytes(pair.certificate_pem)
        key = data / f"{name}.key"
        key.touch(mode=0o600)
        key.write_bytes(pair.key_pem)


def register(data: Path) -> None:
    """Register a client of each kind.

    All get tokens that are bound to their certificate.
    """
    from django.core.management import call_command
    from oauth2_provider.models import Application

    from django_mtls.oauth_toolkit.models import ApplicationRegistration

    machine: dict[str, Any] = {"client_type": "confidential", "authorization_grant_type": "client-credentials"}
    code = {"authorization_grant_type": "authorization-code", "redirect_uris": REDIRECT, "skip_authorization": True}
    Application.objects.create(client_id="billing", name="Billing", **machine)
    Application.objects.create(client_id="api", name="The API's introspection", **machine)
    Application.objects.create(client_id="web", name="Web", client_type="confidential", **code)
    for client_id in ("billing", "api", "web"):
        call_command("mtls_register_client", client_id, str(data / f"{client_id}.pem"), "--bound", verbosity=0)
    ApplicationRegistration.objects.create(
        application=Application.objects.create(client_id="device", name="Device", client_type="public", **code),
        token_endpoint_auth_method="none",  # noqa: S106  # no password
        tls_client_certificate_bound_access_tokens=True,
    )


def serve(data: Path, port: int) -> None:
    """Serve over TLS until interrupted."""
    from authserver.wsgi import application

    from wsgi_mtls.server import make_server

    certificate, key, ca = (data / name for name in ("server.pem", "server.key", "ca.pem"))
    server = make_server(application, certificate=certificate, private_key=key, client_ca=ca, port=port)
    server.prepare()
    url = f"https://localhost:{server.bind_addr[1]}"
    curl = f"curl --cacert {ca} --cert {data}/billing.pem --key {data}/billing.key"
    sys.stdout.write(f"""{url}
{url}/admin/ is for anna, password {PASSWORD}.
    {curl} -d client_id=billing -d grant_type=client_credentials -d scope=accounts {url}/o/token/
    {curl} -H "Authorization: Bearer …" {url}/accounts
""")
    sys.stdout.flush()
    try:
        server.serve()
    except KeyboardInterrupt:
        server.stop()


if __name__ == "__main__":
    main()
