"""Settings that are dotted paths."""

from typing import Any

import pytest
from flask import Flask

from flask_mtls import MutualTLS
from flask_mtls.settings import MutualTLSState
from tests import dotted
from wsgi_mtls.config import InvalidSettings


def state(**settings: Any) -> MutualTLSState:
    app = Flask("application")
    app.config.from_mapping({"MTLS_SOURCE": "mod_ssl", "MTLS_CLIENTS": {}, **settings})
    MutualTLS(app)
    found: MutualTLSState = app.extensions["mtls"]
    return found


def test_dotted_paths() -> None:
    clients = {"MTLS_CLIENTS": "tests.dotted.clients"}
    made = state(**clients, **{f"MTLS_{name}": value for name, value in dotted.SETTINGS.items()})
    assert made.guard.source is dotted.source
    assert made.guard.needed_verifier().client("billing") is dotted.clients.get("billing")
    assert made.settings.trust is dotted.trust
    assert made.settings.key_sets is dotted.key_sets
    assert made.guard.tokens is dotted.tokens
    assert dotted.observer in made.guard.reporter.observers


@pytest.mark.parametrize("path", dotted.NOWHERE)
@pytest.mark.parametrize("name", ["CLIENTS", *dotted.SETTINGS])
def test_dotted_path_that_names_nothing(name: str, path: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        state(**{f"MTLS_{name}": [path] if name == "OBSERVERS" else path})
    assert str(caught.value).startswith(f"MTLS_{name} {dotted.refused(path)}")


def test_all_problems_are_in_one_error() -> None:
    with pytest.raises(InvalidSettings) as caught:
        state(MTLS_SOURCE=None, MTLS_TRUST="nowhere.at.all", MTLS_VERBOSITY="loud", MTLS_MAX_BODY=0)
    named = [problem.name for problem in caught.value.problems]
    assert sorted(named) == ["MTLS_MAX_BODY", "MTLS_SOURCE", "MTLS_TRUST", "MTLS_VERBOSITY"]
