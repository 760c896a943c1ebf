"""The recipe of docs/django.md for a button to log out: the next request does not log in again."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import path

from django_mtls.test import CertificateClient
from wsgi_mtls.testing import KeyPair

from ..urls import whoami

PAGE = Path(__file__).parents[3] / "docs" / "django.md"


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch, settings: Callable[..., None]) -> Any:
    (code,) = [
        block for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL) if "LOGGED_OUT" in block
    ]
    module: Any = ModuleType("recipe_of_logging_out")
    exec(code, vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    settings(
        AUTHENTICATION_BACKENDS=["recipe_of_logging_out.Backend"],
        ROOT_URLCONF=(
            path("", whoami),
            path("log-out", module.log_out),
            path("log-in", module.log_in),
            path("page", module.LoginPage.as_view()),
        ),
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [
                        ("django.template.loaders.locmem.Loader", {"logged_out.html": "You logged out."}),
                        "django.template.loaders.app_directories.Loader",
                    ]
                },
            }
        ],
    )
    return module


@pytest.mark.parametrize("use_session", [False, True])
def test_logging_out_and_in(
    recipe: Any, mtls: Callable[..., None], alice: User, ca: KeyPair, use_session: bool
) -> None:
    mtls(USE_SESSION=use_session)
    client = CertificateClient(ca.issue("CN=alice"))

    def user() -> str:
        return str(client.get("/").json()["user"])

    assert user() == "alice"
    assert client.get("/log-out").status_code == 405
    assert user() == "alice"
    assert client.post("/log-out").status_code == 302
    cookie = client.cookies[recipe.LOGGED_OUT]
    assert (cookie["secure"], cookie["httponly"], cookie["max-age"]) == (True, True, "")
    assert user() == ""
    assert user() == ""
    page = client.get("/page", headers={"Accept": "text/html"})
    assert (page.status_code, page.content) == (401, b"You logged out.")
    assert client.post("/log-in").status_code == 302
    assert user() == "alice"
    assert "You are logged in as alice" in client.get("/page").content.decode()
    assert CertificateClient(ca.issue("CN=alice")).get("/").json()["user"] == "alice"  # another browser
