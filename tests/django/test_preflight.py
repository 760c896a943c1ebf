"""CORS preflights at a Django project (row 67): django-cors-headers outside, and ``MTLS["PREFLIGHT"]``."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings

from django_mtls.test import CertificateClient
from wsgi_mtls.testing import KeyPair, self_sign

from .preflight_urls import AUTOMATIC, GUARDED, SECRET

ORIGIN = "https://spa.example.com"
HEADERS = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
MTLS = Callable[..., None]


class Tokens:
    def decode(self, token: str, /) -> Mapping[str, object]:
        return {"cnf": {"x5t#S256": PAIR.certificate.thumbprint}}


PAIR = self_sign("CN=client")


@pytest.fixture(autouse=True)
def _urls(mtls: MTLS) -> Any:
    mtls(TOKENS=f"{__name__}.TOKENS")
    with override_settings(ROOT_URLCONF="tests.django.preflight_urls"):
        yield


TOKENS = Tokens()


def ask(path: str, more: Mapping[str, str] = {}, pair: KeyPair | None = None, method: str = "OPTIONS") -> Any:
    client = Client() if pair is None else CertificateClient(pair)
    return client.generic(method, f"/{path}", headers={**HEADERS, **more})


@pytest.mark.parametrize("pair", [None, PAIR], ids=["no certificate", "certificate"])
@pytest.mark.parametrize("path", [*AUTOMATIC, *GUARDED])
def test_by_default(path: str, pair: KeyPair | None) -> None:
    answer = ask(path, pair=pair)
    assert answer.status_code in (400, 401, 405)
    assert SECRET not in answer.content.decode()


@pytest.mark.parametrize("pair", [None, PAIR], ids=["no certificate", "certificate"])
@pytest.mark.parametrize("path", AUTOMATIC)
def test_djangos_own_answer(path: str, pair: KeyPair | None, mtls: MTLS) -> None:
    mtls(TOKENS=f"{__name__}.TOKENS", PREFLIGHT=True)
    answer = ask(path, pair=pair)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["Allow"] == "GET, HEAD, OPTIONS"
    assert ask(path, method="GET").status_code in (401, 405)


@pytest.mark.parametrize("pair", [None, PAIR], ids=["no certificate", "certificate"])
@pytest.mark.parametrize("path", GUARDED)
def test_a_view_of_its_own_is_guarded(path: str, pair: KeyPair | None, mtls: MTLS) -> None:
    mtls(TOKENS=f"{__name__}.TOKENS", PREFLIGHT=True)
    answer = ask(path, pair=pair)
    assert answer.status_code in (400, 401, 405)
    assert SECRET not in answer.content.decode()


@pytest.mark.parametrize(
    "more",
    [
        {"Authorization": "Bearer forged"},
        {"X-HTTP-Method-Override": "GET"},
        {"Origin": ""},
        {"Access-Control-Request-Method": ""},
    ],
    ids=str,
)
def test_what_is_not_exactly_a_preflight(more: Mapping[str, str], mtls: MTLS) -> None:
    mtls(TOKENS=f"{__name__}.TOKENS", PREFLIGHT=True)
    assert ask("mixin", more).status_code == 401
    assert ask("mixin?_method=GET").status_code == 401
    assert Client().generic("OPTIONS", "/mixin", b"x", headers=HEADERS).status_code == 401
    assert ask("mixin").status_code == 200


def test_options_with_a_token(mtls: MTLS) -> None:
    assert ask("function", {"Authorization": "Bearer a"}, PAIR).content.decode() == SECRET


def test_django_cors_headers_as_the_docs_show_it() -> None:
    page = (Path(__file__).parents[2] / "docs" / "requests.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    (block,) = (found for found in blocks if "corsheaders" in found)
    shown: dict[str, Any] = {"INSTALLED_APPS": [*settings.INSTALLED_APPS], "MIDDLEWARE": []}
    exec(compile(block, "requests.md", "exec"), shown)
    given = {name: value for name, value in shown.items() if name.isupper()}
    with override_settings(**given):
        for path in (*AUTOMATIC, *GUARDED):
            answer = ask(path)
            assert (answer.status_code, answer.content, answer["Access-Control-Allow-Origin"]) == (200, b"", ORIGIN)
            refused = ask(path, method="GET")
            assert (refused.status_code in (401, 405), refused["Access-Control-Allow-Origin"]) == (True, ORIGIN)
        assert "Access-Control-Allow-Origin" not in ask("mixin", {"Origin": "https://evil.example.com"})
        good = ask("mixin", {"Authorization": "Bearer a"}, PAIR, "GET")
        assert (good.content.decode(), good["Access-Control-Allow-Origin"]) == (SECRET, ORIGIN)


@pytest.mark.parametrize("value", ["yes", 1])
def test_setting(value: object, mtls: MTLS) -> None:
    from django_mtls.conf import InvalidSetting, mtls_settings

    mtls(PREFLIGHT=value)
    with pytest.raises(InvalidSetting, match=r"PREFLIGHT.*True or False"):
        mtls_settings()
