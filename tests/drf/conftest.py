"""The project of ``tests/django``, with REST framework's views."""

from collections.abc import Callable
from importlib.util import find_spec

import pytest

if find_spec("rest_framework") is None:
    collect_ignore_glob = ["test_[!i]*.py"]
else:
    from tests.django.conftest import (  # noqa: F401  # fixtures
        _rollback,
        alice,
        alice_pair,
        bob,
        bob_pair,
        database,
        mobile_pair,
        mtls,
        settings,
    )

    @pytest.fixture(autouse=True)
    def _urls(settings: Callable[..., None]) -> None:  # noqa: F811
        settings(ROOT_URLCONF="tests.drf.urls")
