"""Registrations as an editor, a script or an attacker makes them, and the pages on which they do."""

import json
from typing import Any

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from django_mtls.test import CertificateClient
from django_mtls.users.rights import Editor
from wsgi_mtls.testing import KeyPair, to_pem

from .support import register

ADD = "/admin/django_mtls/registeredclient/add/"
LIST = "/admin/django_mtls/registeredclient/"
REGISTRATIONS = ("add_registeredclient", "change_registeredclient", "view_registeredclient")
PKI = {"token_endpoint_auth_method": "tls_client_auth"}
BY_DN = {**PKI, "tls_client_auth_subject_dn": "CN=root"}
BY_EMAIL = {**PKI, "tls_client_auth_san_email": "root@example.com"}
MAY_NOT = "a certificate that logs in another user"
TAKEN = "logs in one user only"


def saved(claim: Any, linked: User | None, editor: User | None, client_id: str = "hers", **columns: Any) -> Any:
    """Store a registration past all forms, as one that was made before the name was a user's."""
    made = register(client_id, claim, user=linked, **columns)
    made.editor = None if editor is None else Editor.of(editor)
    made.save()
    return made


def who(pair: KeyPair, **options: Any) -> str:
    return str(CertificateClient(pair, **options).get("/").json()["user"])


def browser(editor: User) -> Client:
    client = Client()
    client.force_login(editor, "django.contrib.auth.backends.ModelBackend")
    return client


def form(claim: Any, linked: User | None, upload: KeyPair | None = None, **fields: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"client_id": "hers", "enabled": "on", "metadata": "{}", **fields}
    given["token_endpoint_auth_method"] = claim["token_endpoint_auth_method"]
    for kind in (member for member in claim if member.startswith("tls_client_auth_")):
        given |= {"subject_kind": kind, "subject_value": claim[kind]}
    if upload is None and "jwks" in claim:
        given["jwks"] = json.dumps(claim["jwks"])
    if upload is not None:
        given["certificate"] = SimpleUploadedFile("card.pem", to_pem(upload.certificate))
    return given if linked is None else given | {"user": linked.pk}


def errors(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer
    return [text for texts in answer.context["adminform"].form.errors.values() for text in texts]
