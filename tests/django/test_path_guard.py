"""Row 51 at Django's own router, behind the middleware for any WSGI application."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path

from tests.odd_paths import GUARDED, OPEN, Walk, inserted, octets, replaced
from tests.tokens import Issuer
from wsgi_mtls.testing import self_sign

served: list[str] = []


def view(request: HttpRequest, name: str) -> HttpResponse:
    served.append(name)
    return HttpResponse("content")


# A pattern that ends in $ matches before a newline, too.
urlpatterns = [re_path(f"^{name[1:]}$", view, {"name": name}) for name in GUARDED]
urlpatterns += [path(name[1:], view, {"name": name}) for name in OPEN]


@pytest.mark.parametrize(
    "options",
    [
        {"paths": GUARDED},
        {"paths": GUARDED, "undecodable": "pass"},
        {"paths": "*", "except_paths": OPEN},
    ],
)
def test_row_51_paths_that_the_router_may_take_for_guarded_ones(
    settings: Callable[..., None], options: dict[str, Any]
) -> None:
    settings(ROOT_URLCONF=__name__, MIDDLEWARE=[])
    issuer, pair = Issuer(), self_sign("CN=billing")
    walk = Walk(WSGIHandler(), served, issuer, **options)
    for name in OPEN:
        assert walk.serves(name)
    for name in GUARDED:
        assert walk.get(octets(name)).status == 401
        assert walk.serves(name, issuer.token(pair), pair)
        assert walk.reached(inserted(name)) == []
        assert walk.reached(replaced(name)) == []


def test_row_51_latin_1_urls_of_a_site(settings: Callable[..., None]) -> None:
    settings(ROOT_URLCONF=__name__, MIDDLEWARE=[])
    for undecodable, status in (("pass", 404), ("refuse", 400)):
        walk = Walk(WSGIHandler(), served, Issuer(), paths=GUARDED, undecodable=undecodable)
        assert walk.get("/caf\xe9").status == status
        assert walk.get("/donn\xe9es").status == 400
