"""The code in docs/oauth-toolkit.md runs unchanged."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.test import RequestFactory

from django_mtls.oauth_toolkit import checks

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "oauth-toolkit.md").read_text()


def test_code(settings: Callable[..., None]) -> None:
    from django.conf import settings as current

    blocks = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 5
    names: dict[str, Any] = {"__name__": "documentation", "INSTALLED_APPS": [], "MIDDLEWARE": []}
    for number, block in enumerate(blocks, 1):
        exec(compile(block, f"oauth-toolkit.md, block {number}", "exec"), names)
    assert set(names["INSTALLED_APPS"]) <= set(current.INSTALLED_APPS)
    settings(MTLS=names["MTLS"], OAUTH2_PROVIDER=names["OAUTH2_PROVIDER"])
    assert checks.check_settings() == []
    environ: dict[str, Any] = {"HTTP_AUTHORIZATION": "Bearer x"}
    answer = names["accounts"](RequestFactory().get("/", **environ))
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert names["Accounts"].as_view()(RequestFactory().get("/", **environ)).status_code == 401


def test_every_check_is_documented() -> None:
    source = Path(checks.__file__).read_text()
    ids = set(re.findall(r'"(E\d{3})"', source)) | set(re.findall(r"oauth_toolkit\.(W\d{3})", source))
    assert ids == set(re.findall(r"\.([EW]\d{3})`", TEXT))
