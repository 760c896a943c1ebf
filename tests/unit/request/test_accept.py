"""Which callers get a page, and which JSON."""

import pytest

from wsgi_mtls.request.accept import prefers_html

BROWSERS = [
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",  # Firefox
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
    "application/signed-exchange;v=b3;q=0.7",  # Chrome
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",  # Safari
    "text/html, application/xhtml+xml, image/jxr, */*",
]


@pytest.mark.parametrize("accept", [
    *BROWSERS,
    "TEXT/HTML",
    "text/html;level=1",
    "text/html; charset=utf-8, */*",
    "application/xhtml+xml",
    "application/json;q=0.5, text/html",
])  # fmt: skip
def test_browser(accept: str) -> None:
    assert prefers_html({"HTTP_ACCEPT": accept})


@pytest.mark.parametrize("accept", [
    "",
    "*/*",
    "text/*",
    "application/json",
    "application/json, text/plain, */*",
    "application/json, text/html",  # equal: a program names JSON, and no browser does
    "text/html;q=0.5, application/json;q=0.9",
    "text/html;q=0",
    "text/html;q=0, */*",
    "text/htmlx, xtext/html",
    "text/html" + ", text/html" * 200,
    "text/html;q=two",
])  # fmt: skip
def test_program(accept: str) -> None:
    assert not prefers_html({"HTTP_ACCEPT": accept})


JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
"""What Java's HttpURLConnection sends where a program sets no Accept."""


def test_program_in_java() -> None:
    assert not prefers_html({"HTTP_ACCEPT": JAVA}, for_programs=True)
    assert not prefers_html({"HTTP_ACCEPT": "text/html"}, for_programs=True)


@pytest.mark.parametrize("accept", BROWSERS)
def test_browser_at_an_address_for_programs(accept: str) -> None:
    assert prefers_html({"HTTP_ACCEPT": accept}, for_programs=True)


def test_without_the_header() -> None:
    assert not prefers_html({})


ODD = [
    "text/html;q=nan",
    "text/html;q=1e999",
    "text/html;q=-1",
    "text/html;q=\xb2",
    'text/html;a="\\',
    'text/html;a="' + "\\" * 500,
    "text/html;a*=UTF-8''%ff%fe",
    "text/html;a*=nonsense''%ff",
    "text/html;a*0*=utf-8''%e2;a*1=%82",
    ";" * 999,
    "," * 999,
    "/" * 999,
    "\xff\xfe\x00\x7f",
    "text/html\xa0",
    "\u20ac/html",
    "text/html" * 10_000,
    "=",
    ";q=",
    "*",
    "*/html, text/html",
]


@pytest.mark.parametrize("accept", ODD)
def test_odd(accept: str) -> None:
    assert prefers_html({"HTTP_ACCEPT": accept}) in (True, False)
