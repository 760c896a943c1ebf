"""Settings that are dotted paths."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as current

from django_mtls.conf import invalid_settings, mtls_settings
from django_mtls.verification import guard
from tests import dotted


def test_dotted_paths(mtls: Callable[..., None]) -> None:
    mtls(**{**dotted.SETTINGS, "TRUSTED_PROXIES": None})
    read = mtls_settings()
    assert read.source is dotted.source
    assert read.trust is dotted.trust
    assert read.key_sets is dotted.key_sets
    assert guard().tokens is dotted.tokens
    assert dotted.observer in guard().reporter.observers


@pytest.mark.parametrize("path", dotted.NOWHERE)
@pytest.mark.parametrize("name", [*dotted.SETTINGS, "USERNAME_FROM"])
def test_dotted_path_that_names_nothing(name: str, path: str) -> None:
    given: dict[str, Any] = {**current.MTLS, "TRUSTED_PROXIES": None, "SOURCE": "mod_ssl"}
    (problem,) = invalid_settings({**given, name: [path] if name == "OBSERVERS" else path})
    assert str(problem).startswith(f'MTLS["{name}"] {dotted.refused(path)}')
