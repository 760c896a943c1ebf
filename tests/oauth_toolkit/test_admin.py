"""The registration in the admin, by itself and on its application's page, and by command."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from oauth2_provider.models import get_application_model

from django_mtls.oauth_toolkit.admin import MutualTLSApplicationAdmin
from django_mtls.oauth_toolkit.models import ApplicationRegistration
from wsgi_mtls.testing import KeyPair, self_sign, to_pem

from .support import DN, AuthServer, application


@pytest.fixture
def browser(settings: Callable[..., None]) -> Iterator[Client]:
    """An administrator; applications have their registration on their page."""
    settings(ROOT_URLCONF="tests.oauth_toolkit.admin_urls")
    model = get_application_model()
    before = type(admin.site.get_model_admin(model))
    admin.site.unregister(model)
    admin.site.register(model, MutualTLSApplicationAdmin)
    browser = Client()
    root = User.objects.create_superuser("root", password="x")
    browser.force_login(root, backend="django.contrib.auth.backends.ModelBackend")
    yield browser
    admin.site.unregister(model)
    admin.site.register(model, before)


def test_by_itself(browser: Client, server: AuthServer, billing: KeyPair) -> None:
    made = application("rp")
    upload = SimpleUploadedFile("rp.pem", to_pem(billing.certificate))
    form: dict[str, Any] = {"application": made.pk, "enabled": "on", "token_endpoint_auth_method": "tls_client_auth",
            "subject_kind": "", "subject_value": "", "metadata": "{}", "certificate": upload}  # fmt: skip
    answer = browser.post("/admin/django_mtls_oauth_toolkit/applicationregistration/add/", form)
    assert answer.status_code == 302, answer.content
    registration = ApplicationRegistration.objects.get(application=made)
    assert (registration.subject_kind, registration.client_id) == ("tls_client_auth_subject_dn", "rp")
    assert server.token("rp", billing).status_code == 200
    for path in ("", f"{registration.pk}/change/", "?q=rp"):
        page = browser.get(f"/admin/django_mtls_oauth_toolkit/applicationregistration/{path}")
        assert page.status_code == 200
        assert b"rp" in page.content


def test_beside_its_application(browser: Client, server: AuthServer) -> None:
    pair, made = self_sign("CN=rp"), application("rp", user=server.user)
    page = browser.get(f"/admin/oauth2_provider/application/{made.pk}/change/")
    assert (
        b"mtls_registration-0-token_endpoint_auth_method" in page.content
        or b"mtls_registration-__prefix__" in page.content
    )
    initial = page.context["adminform"].form.initial
    form = {name: value for name, value in initial.items() if value is not None and name != "hash_client_secret"}
    form |= {
        "mtls_registration-TOTAL_FORMS": "1", "mtls_registration-INITIAL_FORMS": "0",
        "mtls_registration-MIN_NUM_FORMS": "0", "mtls_registration-MAX_NUM_FORMS": "1",
        "mtls_registration-0-id": "", "mtls_registration-0-application": made.pk,
        "mtls_registration-0-enabled": "on", "mtls_registration-0-metadata": "{}",
        "mtls_registration-0-token_endpoint_auth_method": "self_signed_tls_client_auth",
        "mtls_registration-0-certificate": SimpleUploadedFile("rp.pem", to_pem(pair.certificate)),
    }  # fmt: skip
    answer = browser.post(f"/admin/oauth2_provider/application/{made.pk}/change/", form)
    assert answer.status_code == 302, answer.context["errors"]
    assert server.token("rp", pair).status_code == 200
    assert server.token("rp", self_sign("CN=rp")).status_code == 401


def test_link_beside_its_application_needs_the_rights_of_the_user(browser: Client) -> None:
    """An editor of applications and registrations gets no other user's rights by it."""
    staff, root = User.objects.create_user("staff", is_staff=True), User.objects.get(username="root")
    models = ("application", "applicationregistration")
    staff.user_permissions.set(Permission.objects.filter(content_type__model__in=models))
    made, pair = application("rp", user=root), self_sign("CN=rp")
    path, prefix = f"/admin/oauth2_provider/application/{made.pk}/change/", "mtls_registration"
    initial = browser.get(path).context["adminform"].form.initial
    form = {name: value for name, value in initial.items() if value is not None and name != "hash_client_secret"}

    def post(editor: Client, **fields: Any) -> Any:
        count = ApplicationRegistration.objects.count()
        fields = {
            "TOTAL_FORMS": "1", "INITIAL_FORMS": str(count), "MIN_NUM_FORMS": "0", "MAX_NUM_FORMS": "1",
            "0-id": ApplicationRegistration.objects.get().pk if count else "", "0-application": made.pk,
            "0-enabled": "on", "0-metadata": "{}", "0-token_endpoint_auth_method": "self_signed_tls_client_auth",
            "0-certificate": SimpleUploadedFile("rp.pem", to_pem(pair.certificate)), **fields,
        }  # fmt: skip
        return editor.post(path, {**form, **{f"{prefix}-{name}": value for name, value in fields.items()}})

    editor = Client()
    editor.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    assert post(editor, **{"0-user": root.pk}).status_code == 200
    assert not ApplicationRegistration.objects.exists()
    assert post(browser, **{"0-user": root.pk}).status_code == 302
    for fields in ({"0-DELETE": "on"}, {"0-enabled": ""}, {"0-user": ""}):
        post(editor, **fields)
        kept = ApplicationRegistration.objects.get()
        assert (kept.user, kept.enabled) == (root, True)
    assert post(browser, **{"0-user": ""}).status_code == 302
    assert post(editor, **{"0-DELETE": "on"}).status_code == 302
    assert not ApplicationRegistration.objects.exists()


def test_command(server: AuthServer, billing: KeyPair, tmp_path: Path) -> None:
    application("rp")
    pem = tmp_path / "rp.pem"
    pem.write_bytes(to_pem(billing.certificate))
    call_command("mtls_register_client", "rp", str(pem), "--bound", verbosity=0)
    assert ApplicationRegistration.objects.get(application__client_id="rp").subject_value == DN
    assert server.token("rp", billing).status_code == 200
    with pytest.raises(CommandError, match="client_id of an application, found 'nobody'"):
        call_command("mtls_register_client", "nobody", str(pem))
