"""OpenAPI, by drf-spectacular."""

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("drf_spectacular", reason="drf-spectacular is not installed")

from django.urls import path
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.settings import spectacular_settings

from django_mtls.rest_framework import schema

from . import urls

assert schema  # registers the schemes


class Accounts(urls.Accounts):
    schema = AutoSchema()


class ScopeAndToken(urls.ScopeAndToken):
    schema = AutoSchema()


class ScopeOrUser(urls.ScopeOrUser):
    schema = AutoSchema()


class Users(urls.Users):
    schema = AutoSchema()


def generate(monkeypatch: pytest.MonkeyPatch, version: str) -> dict[str, Any]:
    monkeypatch.setattr(spectacular_settings, "OAS_VERSION", version, raising=False)
    patterns = [path("accounts", Accounts.as_view()), path("users", Users.as_view())]
    patterns += [path("and", ScopeAndToken.as_view()), path("or", ScopeOrUser.as_view())]
    with GENERATOR_STATS.silence():
        generator: Any = SchemaGenerator
        generated: dict[str, Any] = generator(patterns=patterns).get_schema(request=None, public=True)
    return generated


def test_schemes(monkeypatch: pytest.MonkeyPatch) -> None:
    generated = generate(monkeypatch, "3.1.0")
    schemes = generated["components"]["securitySchemes"]
    assert schemes["mutualTLS"]["type"] == "mutualTLS"
    assert (schemes["boundToken"]["type"], schemes["boundToken"]["scheme"]) == ("http", "bearer")
    assert generated["paths"]["/accounts"]["get"]["security"] == [{"boundToken": ["accounts"]}]
    assert generated["paths"]["/users"]["get"]["security"] == [{"mutualTLS": []}]
    assert generated["paths"]["/and"]["get"]["security"] == [{"boundToken": ["accounts"]}]
    # The scope is one way in of two.
    assert generated["paths"]["/or"]["get"]["security"] == [{"boundToken": []}, {"mutualTLS": []}]


def test_openapi_3_0(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(spectacular_settings, "OAS_VERSION", "3.0.3", raising=False)
    told: list[str] = []
    monkeypatch.setattr(schema, "warn", told.append)
    generated = generate(monkeypatch, "3.0.3")
    assert "OpenAPI 3.1" in told[0]
    assert generated["paths"]["/accounts"]["get"]["security"] == [{"boundToken": []}]


def test_settings_of_the_project(settings: Callable[..., None]) -> None:
    from django.apps import apps

    assert apps.is_installed("django_mtls.rest_framework")
