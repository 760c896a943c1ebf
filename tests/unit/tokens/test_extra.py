"""What works without the extra ``jwt``, and the errors of the rest."""

import subprocess
import sys

import pytest

CORE = "binding, metadata, request, tokens, urls, wsgi"
WITHOUT = """
import sys
for name in {missing!r}:
    sys.modules[name] = None
from wsgi_mtls import {core}
assert tokens.AccessTokens
try:
    from wsgi_mtls.tokens import {name}
except ImportError as error:
    print(error)
try:
    tokens.nothing
except AttributeError as error:
    print(error)
"""


def run(program: str) -> list[str]:
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()


@pytest.mark.parametrize(
    ("name", "missing"),
    [("JWTAccessTokens", "joserfc"), ("JWTAccessTokens", "urllib3"), ("IntrospectedTokens", "urllib3")],
)
def test_without_the_extra(name: str, missing: str) -> None:
    import_error, attribute_error = run(WITHOUT.format(missing=[missing], core=CORE, name=name))
    assert import_error == f"{name} needs {missing}: pip install 'wsgi-mtls[jwt]'."
    assert "nothing" in attribute_error


@pytest.mark.parametrize("name", ["JWTAccessTokens", "IntrospectedTokens"])
def test_with_the_extra(name: str) -> None:
    assert len(run(WITHOUT.format(missing=[], core=CORE, name=name))) == 1
    assert run("import sys, wsgi_mtls.wsgi, wsgi_mtls.metadata\nprint({'joserfc', 'urllib3'} & {*sys.modules})") == [
        "set()"
    ]
