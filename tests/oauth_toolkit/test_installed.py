"""Names what the skipped tests of this folder need."""

import pytest


def test_installed() -> None:
    pytest.importorskip("rest_framework", reason="Django REST framework is not installed: the extra drf")
    pytest.importorskip("oauth2_provider", reason="django-oauth-toolkit is not installed: the extra oauth-toolkit")
