"""Public clients: they have no credentials, and only their certificate protects their refresh tokens."""

from collections.abc import Callable
from typing import Any

import pytest

from wsgi_mtls.testing import KeyPair, self_sign

from .support import BIND, INVALID_CLIENT, INVALID_GRANT, SECRET, AuthServer, application, outcome, registered


@pytest.mark.parametrize("hashed", [True, False])
@pytest.mark.parametrize("bound", [True, False])
def test_no_client_credentials(server: AuthServer, billing: KeyPair, hashed: bool, bound: bool) -> None:
    """RFC 6749 section 4.4; with a blank secret, OAuth Toolkit gives tokens to any caller that names the client."""
    for client_id, stored in (("blank", ""), ("with-secret", SECRET)):
        made = application(client_id, client_type="public", client_secret=stored, hash_client_secret=hashed)
        if bound:
            registered(made, {"token_endpoint_auth_method": "none", **BIND})
    for pair in (None, billing):
        assert outcome(server.token("blank", pair)) == INVALID_CLIENT
        assert outcome(server.token("blank", pair, client_secret="")) == INVALID_CLIENT
        assert outcome(server.token("with-secret", pair)) == INVALID_CLIENT
        assert outcome(server.token("with-secret", pair, SECRET)) == (400, "unauthorized_client")
    assert server.token("unbound", secret=SECRET).status_code == 200


@pytest.mark.parametrize("thief", ["nothing", "another certificate", "another client"])
def test_replay_by_another_revokes_nothing(
    server: AuthServer, ca: KeyPair, other: KeyPair, toolkit: Callable[..., None], thief: str
) -> None:
    """Reuse protection revokes the family of a refresh token that comes twice: only its holder may cause that."""
    toolkit(REFRESH_TOKEN_REUSE_PROTECTION=True, ROTATE_REFRESH_TOKEN=True, REFRESH_TOKEN_GRACE_PERIOD_SECONDS=0)
    pair = ca.issue("CN=device")
    first = server.exchange("public", server.code("public"), pair).json()["refresh_token"]
    tokens = server.refresh("public", first, pair).json()
    replays: dict[str, tuple[str, KeyPair | None]] = {
        "nothing": ("public", None), "another certificate": ("public", self_sign("CN=device")),
        "another client": ("other", other),
    }  # fmt: skip
    client_id, presented = replays[thief]
    assert outcome(server.refresh(client_id, first, presented)) == INVALID_GRANT
    assert server.get("/drf", tokens["access_token"], pair).status_code == 200
    tokens = server.refresh("public", tokens["refresh_token"], pair).json()
    # Its holder does, as OAuth Toolkit wants it.
    assert outcome(server.refresh("public", first, pair)) == INVALID_GRANT
    assert outcome(server.refresh("public", tokens["refresh_token"], pair)) == INVALID_GRANT


def test_tokens_that_end_before_they_are_answered(
    server: AuthServer, billing: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second use at the same moment may revoke what the first one got, before its answer is ready: no 500."""
    from oauth2_provider.models import get_access_token_model

    from django_mtls.oauth_toolkit.views import TokenView

    create = TokenView.create_token_response

    def create_and_lose(view: Any, request: Any) -> Any:
        created = create(view, request)
        get_access_token_model().objects.all().delete()
        return created

    first = server.exchange("public", server.code("public"), billing).json()["refresh_token"]
    monkeypatch.setattr(TokenView, "create_token_response", create_and_lose)
    answer = server.refresh("public", first, billing)
    assert outcome(answer) == INVALID_GRANT
    assert answer["Cache-Control"] == "no-store"
    monkeypatch.undo()
    assert server.exchange("public", server.code("public"), billing).status_code == 200


def test_token_that_is_not_stored_is_not_told_again(
    server: AuthServer, billing: KeyPair, toolkit: Callable[..., None]
) -> None:
    from oauth2_provider.models import get_refresh_token_model

    if not hasattr(get_refresh_token_model(), "token_checksum"):
        pytest.skip("OAuth Toolkit before 3.4 stores tokens as they are")
    toolkit(COMPLIANT_BCP_RFC9700_TOKEN_STORAGE=True, REFRESH_TOKEN_GRACE_PERIOD_SECONDS=120)
    first: Any = server.exchange("billing", server.code("billing"), billing).json()["refresh_token"]
    tokens = server.refresh("billing", first, billing).json()
    assert outcome(server.refresh("billing", first, billing)) == INVALID_GRANT
    assert server.refresh("billing", tokens["refresh_token"], billing).status_code == 200
