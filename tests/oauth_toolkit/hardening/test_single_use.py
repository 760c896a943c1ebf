"""Row 61 at OAuth Toolkit's endpoints: what serves once, what stays, and what a second use ends."""

from collections.abc import Callable
from typing import Any

import pytest

from wsgi_mtls.testing import KeyPair

from ..support import INVALID_GRANT, SECRET, AuthServer, application, outcome

Toolkit = Callable[..., None]


def tokens(answer: Any) -> dict[str, str]:
    assert answer.status_code == 200, answer.content
    found: dict[str, str] = answer.json()
    return found


def is_active(server: AuthServer, found: dict[str, str]) -> bool:
    return bool(server.introspect(found["access_token"])["active"])


@pytest.fixture
def browser(server: AuthServer) -> AuthServer:
    """With a public client that has unbound tokens."""
    application("browser", "authorization-code", client_type="public")
    return server


@pytest.fixture(params=[True, False], ids=["rotating", "not rotating"])
def rotating(request: pytest.FixtureRequest, toolkit: Toolkit) -> bool:
    toolkit(ROTATE_REFRESH_TOKEN=request.param)
    return bool(request.param)


CLIENTS: dict[str, dict[str, Any]] = {
    "browser": {}, "public": {}, "unbound-code": {"secret": SECRET}, "billing": {},
}  # fmt: skip


@pytest.mark.usefixtures("rotating")
@pytest.mark.parametrize("client_id", CLIENTS)
@pytest.mark.parametrize("refreshes", [0, 2])
def test_second_use_of_a_code_ends_what_the_first_gave(
    browser: AuthServer, billing: KeyPair, client_id: str, refreshes: int
) -> None:
    options = {"pair": billing, **CLIENTS[client_id]}
    code, another = browser.code(client_id), browser.code(client_id)
    found = tokens(browser.exchange(client_id, code, **options))
    others = tokens(browser.exchange(client_id, another, **options))
    for _ in range(refreshes):
        found = tokens(browser.refresh(client_id, found["refresh_token"], **options))
    assert is_active(browser, found)
    assert outcome(browser.exchange(client_id, code, **options)) == INVALID_GRANT
    assert [is_active(browser, each) for each in (found, others)] == [False, True]
    assert outcome(browser.refresh(client_id, found["refresh_token"], **options)) == INVALID_GRANT
    assert browser.refresh(client_id, others["refresh_token"], **options).status_code == 200


def test_code_that_gives_no_refresh_token(browser: AuthServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from oauthlib.oauth2.rfc6749.grant_types import AuthorizationCodeGrant

    monkeypatch.setattr(AuthorizationCodeGrant, "refresh_token", False)
    code = browser.code("browser")
    found = tokens(browser.exchange("browser", code))
    assert "refresh_token" not in found
    assert is_active(browser, found)
    assert outcome(browser.exchange("browser", code)) == INVALID_GRANT
    assert not is_active(browser, found)


def test_another_client_ends_nothing(browser: AuthServer, billing: KeyPair, other: KeyPair) -> None:
    code = browser.code("billing")
    found = tokens(browser.exchange("billing", code, billing))
    assert outcome(browser.exchange("other", code, other)) == INVALID_GRANT
    assert outcome(browser.exchange("browser", code)) == INVALID_GRANT
    assert is_active(browser, found)
    old = tokens(browser.exchange("browser", browser.code("browser")))
    new = tokens(browser.refresh("browser", old["refresh_token"]))
    assert outcome(browser.refresh("other", old["refresh_token"], other)) == INVALID_GRANT
    assert is_active(browser, new)
    assert browser.refresh("browser", new["refresh_token"]).status_code == 200


@pytest.mark.parametrize("protected", [True, False])
def test_reuse_of_an_unbound_public_refresh_token_ends_its_family(
    browser: AuthServer, toolkit: Toolkit, protected: bool
) -> None:
    """RFC 9700 section 4.14.2, whether or not the project asks for it."""
    toolkit(ROTATE_REFRESH_TOKEN=True, REFRESH_TOKEN_REUSE_PROTECTION=protected, REFRESH_TOKEN_GRACE_PERIOD_SECONDS=0)
    chain = [tokens(browser.exchange("browser", browser.code("browser")))]
    others = tokens(browser.exchange("browser", browser.code("browser")))
    for _ in range(3):
        chain.append(tokens(browser.refresh("browser", chain[-1]["refresh_token"])))
    assert [is_active(browser, found) for found in chain] == [False, False, False, True]
    assert outcome(browser.refresh("browser", chain[1]["refresh_token"])) == INVALID_GRANT
    assert not is_active(browser, chain[-1])
    assert outcome(browser.refresh("browser", chain[-1]["refresh_token"])) == INVALID_GRANT
    assert is_active(browser, others)


@pytest.mark.parametrize("protected", [True, False])
def test_reuse_of_a_confidential_clients_is_the_projects_to_decide(
    browser: AuthServer, billing: KeyPair, toolkit: Toolkit, protected: bool
) -> None:
    toolkit(ROTATE_REFRESH_TOKEN=True, REFRESH_TOKEN_REUSE_PROTECTION=protected, REFRESH_TOKEN_GRACE_PERIOD_SECONDS=0)
    old = tokens(browser.exchange("billing", browser.code("billing"), billing))
    new = tokens(browser.refresh("billing", old["refresh_token"], billing))
    assert outcome(browser.refresh("billing", old["refresh_token"], billing)) == INVALID_GRANT
    assert is_active(browser, new) is not protected


def test_grace_period(browser: AuthServer, toolkit: Toolkit) -> None:
    """A project may allow a client that did not get the answer to ask once more."""
    toolkit(ROTATE_REFRESH_TOKEN=True, REFRESH_TOKEN_GRACE_PERIOD_SECONDS=120)
    old = tokens(browser.exchange("browser", browser.code("browser")))
    new = tokens(browser.refresh("browser", old["refresh_token"]))
    again = tokens(browser.refresh("browser", old["refresh_token"]))
    assert (new["access_token"], new["refresh_token"]) == (again["access_token"], again["refresh_token"])
    assert is_active(browser, new)


def at_the_last_moment(monkeypatch: pytest.MonkeyPatch, do: Callable[[], Any], after: str | None = None) -> None:
    """Do something once, before the tokens of a request are saved, or after an earlier step of it."""
    from django_mtls.oauth_toolkit.validators import MutualTLSValidator

    step = after or "save_bearer_token"
    method: Any = getattr(MutualTLSValidator, step)
    done: list[bool] = []

    def once() -> None:
        if not done:
            done.append(True)
            do()

    def interrupted(self: Any, *args: Any, **options: Any) -> Any:
        if not after:
            once()
        found = method(self, *args, **options)
        if after:
            once()
        return found

    monkeypatch.setattr(MutualTLSValidator, step, interrupted)


@pytest.mark.parametrize("client_id", CLIENTS)
@pytest.mark.parametrize("after", [None, "validate_code", "get_code_challenge", "get_code_challenge_method"])
def test_code_that_is_redeemed_at_the_last_moment(
    browser: AuthServer, billing: KeyPair, monkeypatch: pytest.MonkeyPatch, client_id: str, after: str | None
) -> None:
    options = {"pair": billing, **CLIENTS[client_id]}
    code = browser.code(client_id)
    won: list[Any] = []
    at_the_last_moment(monkeypatch, lambda: won.append(browser.exchange(client_id, code, **options)), after)
    assert outcome(browser.exchange(client_id, code, **options)) == INVALID_GRANT
    assert not is_active(browser, tokens(won[0]))


@pytest.mark.parametrize("client_id", CLIENTS)
@pytest.mark.parametrize("twice", [True, False])
def test_refresh_token_that_is_used_at_the_last_moment(
    browser: AuthServer,
    billing: KeyPair,
    toolkit: Toolkit,
    monkeypatch: pytest.MonkeyPatch,
    client_id: str,
    twice: bool,
) -> None:
    """By one other request, or by two, of which the second has ended what the first gave."""
    toolkit(ROTATE_REFRESH_TOKEN=True, REFRESH_TOKEN_REUSE_PROTECTION=True, REFRESH_TOKEN_GRACE_PERIOD_SECONDS=0)
    options = {"pair": billing, **CLIENTS[client_id]}
    first = tokens(browser.exchange(client_id, browser.code(client_id), **options))
    answers: list[Any] = []

    def others() -> None:
        answers.extend(browser.refresh(client_id, first["refresh_token"], **options) for _ in range(1 + twice))

    at_the_last_moment(monkeypatch, others)
    answers.append(browser.refresh(client_id, first["refresh_token"], **options))
    assert [answer.status_code for answer in answers] == [200] + [400] * (len(answers) - 1)
    winner = tokens(answers[0])
    assert not is_active(browser, winner)
    assert outcome(browser.refresh(client_id, winner["refresh_token"], **options)) == INVALID_GRANT


@pytest.mark.usefixtures("rotating")
@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
def test_refresh_token_that_is_revoked_at_the_last_moment(
    browser: AuthServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    from oauth2_provider import models

    if name == "access_token" and not hasattr(models, "revoke_access_token"):
        pytest.skip("in OAuth Toolkit before 3.4 a refresh token outlives its access token")
    first = tokens(browser.exchange("browser", browser.code("browser")))
    form = {"client_id": "browser", "token": first[name]}
    at_the_last_moment(monkeypatch, lambda: browser.post("/o/revoke_token/", form))
    assert outcome(browser.refresh("browser", first["refresh_token"])) == INVALID_GRANT


def test_cleartokens_takes_redeemed_codes_along(browser: AuthServer) -> None:
    from oauth2_provider.models import get_refresh_token_model

    from django_mtls.oauth_toolkit.models import RedeemedCode

    code = browser.code("browser")
    tokens(browser.exchange("browser", code))
    assert RedeemedCode.objects.count() == 1
    get_refresh_token_model().objects.all().delete()
    assert RedeemedCode.objects.count() == 0
    assert outcome(browser.exchange("browser", code)) == INVALID_GRANT
