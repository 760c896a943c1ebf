"""``manage.py mtls_check``: what is in force and what is wrong, for people and for programs."""

import json
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import call_command

from ..support import register

NEVER = {"preset": "caddy", "trusted_proxies": ["::1"], "secret": ("XProxyAuth", "hidden")}


def check(*arguments: str) -> tuple[int, str, str]:
    """Return the exit code, the output and the errors."""
    out, err = StringIO(), StringIO()
    try:
        call_command("mtls_check", *arguments, stdout=out, stderr=err, no_color=True)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_nothing_wrong() -> None:
    code, out, err = check()
    assert (code, err) == (0, "")
    assert "MTLS[\"SOURCE\"] = 'mod_ssl'" in out
    assert 'MTLS["MAX_BODY"] = 16384' in out
    for own in (
        '"USE_SESSION"] = False',
        '"CREATE_UNKNOWN_USERS"] = False',
        "\"CLIENT_MODEL\"] = 'django_mtls.RegisteredClient'",
    ):
        assert own in out
    assert out.endswith("\nNo problems found.\n")
    assert check("--json") == (0, "[]\n", "")


def test_a_warning_does_not_fail(mtls: Callable[..., None]) -> None:
    mtls(SOURCE=NEVER)
    code, out, err = check()
    assert code == 0
    assert err.startswith('Warning: MTLS["SOURCE"] never reports')
    assert err.endswith("(django_mtls.W008)\n")
    assert "hidden" not in out + err
    assert "No problems found." not in out
    code, out, err = check("--json")
    (found,) = json.loads(out)
    assert (code, err) == (0, "")
    assert (found["id"], found["level"], found["hint"]) == ("django_mtls.W008", "warning", "")


@pytest.mark.parametrize(
    "wrong", [None, [], {}, {"SOURCE": "apache2"}, {"SOURCE": "mod_ssl", "CLIENT_MODEL": "auth.User"}]
)
def test_settings_that_are_wrong_print_no_traceback(settings: Callable[..., None], wrong: object) -> None:
    settings(MTLS=wrong)
    code, out, err = check()
    assert (code, out) == (1, "")
    assert err.startswith("Error: MTLS")
    code, out, _ = check("--json")
    assert code == 1
    assert [set(found) for found in json.loads(out)] == [{"id", "level", "message", "hint"}]
    assert json.loads(out)[0]["level"] == "error"


def test_a_client_that_can_never_authenticate() -> None:
    register("impossible", {"token_endpoint_auth_method": "tls_client_auth"})
    code, _, err = check()
    assert code == 1
    assert "(django_mtls.E007)" in err


def test_what_is_silenced_is_not_printed(mtls: Callable[..., None], settings: Callable[..., None]) -> None:
    from django.conf import settings as current

    mtls(SOURCE=NEVER)
    settings(SILENCED_SYSTEM_CHECKS=[*getattr(current, "SILENCED_SYSTEM_CHECKS", []), "django_mtls.W008"])
    assert check("--json") == (0, "[]\n", "")
