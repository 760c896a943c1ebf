"""Persons whose browser is refused get a page that says what to do, and programs JSON; the page at LOGIN_URL."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.models import User
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from django_mtls.decorators import bound_token_required, certificate_required, client_auth_required
from django_mtls.test import AsyncCertificateClient, CertificateClient
from django_mtls.views import CertificateLoginView
from tests.unit.request.test_accept import JAVA
from wsgi_mtls.errors import NoCertificate
from wsgi_mtls.testing import KeyPair, Profile, environ_for

from .support import anyone, common_names, register

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
HTML = "text/html; charset=utf-8"


def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("inside")


async def aview(request: HttpRequest) -> HttpResponse:
    return HttpResponse("inside")


def presented(request: Any) -> HttpResponse:
    raise NoCertificate


def nobody(peer: object) -> bool:
    return False


VIEWS: dict[str, Any] = {
    "machine": certificate_required(authorize=anyone)(view),
    "async-machine": certificate_required(authorize=anyone)(aview),
    "registered": certificate_required(view),
    "unprotected": csrf_exempt(certificate_required(view)),
    "nobody": certificate_required(authorize=nobody)(view),
    "presented": presented,
    "token": csrf_exempt(client_auth_required(view)),
    "api": csrf_exempt(bound_token_required(view)),
    "profile": login_required(view),
    "staff": permission_required("auth.add_user")(view),
    "accounts/login/": CertificateLoginView.as_view(),
}


@pytest.fixture(autouse=True)
def _urls(settings: Callable[..., None], mtls: Callable[..., None]) -> None:
    mtls(TOKENS="tests.django.test_attacks_on_api.tokens")
    settings(ROOT_URLCONF=tuple(path(name, each) for name, each in VIEWS.items()))


def ask(name: str, pair: KeyPair | None = None, accept: str | None = FIREFOX, **options: Any) -> Any:
    headers = {} if accept is None else {"Accept": accept}
    return CertificateClient(pair).get(f"/{name}", headers=headers | options.pop("headers", {}), **options)


def shown(answer: Any, status: int) -> str:
    """Return the page, after a look at what holds for each of them."""
    assert (answer.status_code, answer["Content-Type"]) == (status, HTML)
    assert "no-store" in answer["Cache-Control"]
    assert "Accept" in answer["Vary"]
    html: str = answer.content.decode()
    assert "invalid_client" not in html
    for outside in ("http:", "https:", "src=", "<script", "@import", "url("):
        assert outside not in html
    assert 'name="viewport"' in html
    assert "prefers-color-scheme: dark" in html
    return html


@pytest.mark.parametrize("name", ["machine", "async-machine", "registered", "nobody", "presented"])
def test_a_person_without_a_certificate(name: str) -> None:
    assert "This page needs a client certificate" in shown(ask(name), 401)


def test_a_certificate_of_nobody(ca: KeyPair) -> None:
    html = shown(ask("registered", ca.issue("CN=eve")), 401)
    assert "Your certificate was not accepted" in html
    assert "CN=eve" in html


def test_a_certificate_that_is_not_authorized(ca: KeyPair) -> None:
    assert "You may not open this page" in shown(ask("nobody", ca.issue("CN=eve")), 403)


def test_a_page_of_another_site(ca: KeyPair) -> None:
    headers = {"Accept": FIREFOX, "Sec-Fetch-Site": "cross-site"}
    answer = CertificateClient(ca.issue("CN=eve")).post("/unprotected", headers=headers)
    assert "Another site sent this request" in shown(answer, 403)


def test_a_malformed_certificate() -> None:
    answer = Client().get("/profile", SSL_CLIENT_CERT="x", headers={"Accept": FIREFOX})
    assert "The request could not be read" in shown(answer, 400)


@pytest.mark.parametrize(("name", "status"), [("token", 405), ("api", 401)])
def test_a_person_at_an_address_for_programs(name: str, status: int) -> None:
    answer = ask(name)
    assert "This address is for programs" in shown(answer, status)
    assert answer.get("Allow") == ("POST" if status == 405 else None)
    assert answer.get("WWW-Authenticate") == ('Bearer realm="oauth"' if status == 401 else None)


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/json, text/html", "text/*"])
def test_programs_get_json(accept: str | None, ca: KeyPair) -> None:
    """Without OAuth the code is not one of OAuth's."""
    for pair, code in ((None, "certificate_required"), (ca.issue("CN=eve"), "certificate_rejected")):
        answer = ask("registered", pair, accept)
        assert (answer.status_code, answer["Content-Type"]) == (401, "application/json")
        assert answer.json() == {"error": code}
        assert "Accept" in answer["Vary"]
        assert "no-store" in answer["Cache-Control"]
    answer = CertificateClient(None).post("/token", "client_id=x", content_type="application/x-www-form-urlencoded")
    assert answer.json() == {"error": "invalid_client"}
    assert ask("api", None, accept).content == b""


@pytest.mark.parametrize("accept", [
    "text/html" + ",text/html;q=0.1" * 100_000,
    "text/html;q=nan", "text/html;q=1e999", "text/html;q=\xb2", "\xff\xfe\x80", "text/html;a=\"\\", "," * 50_000,
    ";=;=", "text/html\x00", "text/html;a*=UTF-8''%ff", "q=1", "/",
])  # fmt: skip
@pytest.mark.parametrize("asynchronous", [False, True])
def test_odd_accept_is_no_500(accept: str, asynchronous: bool) -> None:
    if asynchronous:
        meta: Any = {"HTTP_ACCEPT": accept}
        answer: Any = async_to_sync(AsyncCertificateClient(None).get)("/async-machine", **meta)
    else:
        environ: Any = environ_for(None)
        answer = Client().get("/machine", HTTP_ACCEPT=accept, **environ)
    assert answer.status_code == 401
    assert answer["Content-Type"] in (HTML, "application/json")


def test_what_a_stranger_wrote_is_escaped_and_cut(ca: KeyPair) -> None:
    name = "<script>alert(1)</script>\u202e\n{{ page }}"
    html = shown(ask("registered", ca.issue(common_names(name), Profile())), 401)
    assert "&lt;script" in html
    assert "\u202e" not in html
    assert "{{ page }}" in html
    long = shown(ask("registered", ca.issue(common_names(*["x" * 60] * 20))), 401)
    assert "x" * 60 in long
    assert long.count("x" * 60) < 10


def test_verbosity(mtls: Callable[..., None], ca: KeyPair) -> None:
    assert "unidentified_client" not in shown(ask("registered", ca.issue("CN=eve")), 401)
    mtls(VERBOSITY="debug")
    assert "unidentified_client" in shown(ask("registered", ca.issue("CN=eve")), 401)
    mtls(VERBOSITY="minimal")
    assert ask("registered", ca.issue("CN=eve")).content == b""


def test_a_template_of_the_projects_own(settings: Callable[..., None]) -> None:
    own = {"django_mtls/refused.html": "{{ page.kind }} {{ page.status }} {{ request.path }}"}
    loaders = [("django.template.loaders.locmem.Loader", own)]
    processors = ["django.template.context_processors.request"]
    options = {"loaders": loaders, "context_processors": processors}
    settings(TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": options}])
    assert ask("machine").content == b"no_certificate 401 /machine"


def test_a_project_without_templates_answers_json(settings: Callable[..., None]) -> None:
    settings(TEMPLATES=[])
    assert ask("machine").json() == {"error": "certificate_required"}


def unavailable(request: HttpRequest) -> dict[str, object]:
    raise OperationalError


def test_a_page_that_fails_hides_no_refusal(settings: Callable[..., None], caplog: Any) -> None:
    """A context processor of the project's may ask the database whose failure is the refusal."""
    options = {"context_processors": [f"{__name__}.unavailable"]}
    backend = "django.template.backends.django.DjangoTemplates"
    settings(TEMPLATES=[{"BACKEND": backend, "APP_DIRS": True, "OPTIONS": options}])
    answer = ask("machine")
    assert (answer.status_code, answer.json()) == (401, {"error": "certificate_required"})
    assert "the page of a refusal failed" in caplog.text


def test_a_program_in_java_gets_json() -> None:
    """Java names text/html where the program sets no Accept, and RFC 6749 section 5.2 promises JSON."""
    client, body = CertificateClient(None), "client_id=x"
    answer = client.post("/token", body, "application/x-www-form-urlencoded", headers={"Accept": JAVA})
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


def test_pages_are_in_the_language_of_the_request() -> None:
    with translation.override("he"):
        html = shown(ask("machine"), 401)
    assert '<html lang="he" dir="rtl">' in html


def test_login_leads_a_person_without_a_card_to_a_page() -> None:
    sent = ask("profile")
    assert (sent.status_code, sent["Location"]) == (302, "/accounts/login/?next=/profile")
    answer = ask(sent["Location"].lstrip("/"))
    assert "This page needs a client certificate" in shown(answer, 401)
    assert ask("accounts/login/", accept=None).json() == {"error": "certificate_required"}


def test_login_of_a_certificate_of_nobody(ca: KeyPair) -> None:
    sent = ask("profile", ca.issue("CN=eve"))
    assert "Your certificate was not accepted" in shown(ask(sent["Location"].lstrip("/"), ca.issue("CN=eve")), 401)
    assert ask("accounts/login/", ca.issue("CN=eve"), None).json() == {"error": "certificate_rejected"}


def test_login_of_a_user_leads_on_without_a_loop(alice: User, ca: KeyPair) -> None:
    card = ca.issue("CN=alice")
    assert ask("profile", card).content == b"inside"
    sent = ask("staff", card)
    assert sent["Location"] == "/accounts/login/?next=/staff"
    answer = ask(sent["Location"].lstrip("/"), card)
    assert answer.status_code == 200
    assert "You are logged in as alice" in answer.content.decode()
    assert 'href="/staff"' in answer.content.decode()
    assert "private" in answer["Cache-Control"]


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", '"><script>', ""])
def test_login_leads_to_this_site_alone(alice: User, ca: KeyPair, target: str) -> None:
    answer = CertificateClient(ca.issue("CN=alice")).get("/accounts/login/", {"next": target})
    html = answer.content.decode()
    assert "evil" not in html
    assert "javascript" not in html
    assert "<script" not in html
    assert answer.status_code == 200


def test_login_page_needs_no_login(settings: Callable[..., None]) -> None:
    from django.conf import settings as current

    settings(MIDDLEWARE=[*current.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"])
    assert ask("accounts/login/").status_code == 401
    assert ask("machine")["Location"].startswith("/accounts/login/")
    assert CertificateClient(None).post("/accounts/login/").status_code == 405


def test_an_accepted_person_sees_no_page(ca: KeyPair) -> None:
    register("eve", {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=eve"})
    assert ask("registered", ca.issue("CN=eve")).content == b"inside"
    assert ask("machine", ca.issue("CN=eve")).content == b"inside"
