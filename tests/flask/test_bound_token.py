"""``bound_token_required``: an API that takes tokens only with their certificate."""

from collections.abc import Mapping
from typing import Any

import pytest
from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from flask_mtls import bound_token, bound_token_required, mtls_token_accepted, mtls_token_rejected
from tests.dpop import BASE_URL, Prover
from tests.tokens import NOW
from wsgi_mtls.errors import InvalidToken
from wsgi_mtls.events import Event
from wsgi_mtls.metadata import MetadataMiddleware, protected_resource_metadata
from wsgi_mtls.rules.step_up import StepUp
from wsgi_mtls.store import MemoryStore
from wsgi_mtls.testing import KeyPair
from wsgi_mtls.tokens import DPoP

from .conftest import AppFactory, came_with


class Tokens:
    """Access tokens in memory."""

    def __init__(self, **claims: Mapping[str, object]) -> None:
        self._claims = claims

    def decode(self, token: str, /) -> Mapping[str, object]:
        if token not in self._claims:
            raise InvalidToken("No such token.")
        return self._claims[token]


@pytest.fixture
def tokens(billing: KeyPair) -> Tokens:
    cnf = {"x5t#S256": billing.certificate.thumbprint}
    return Tokens(
        bound={"client_id": "billing", "scope": "accounts payments", "cnf": cnf},
        narrow={"client_id": "billing", "scope": "payments", "cnf": cnf},
        unbound={"client_id": "billing", "scope": "accounts"},
        twice={"client_id": "billing", "cnf": {**cnf, "jkt": "x"}},
    )


@pytest.fixture
def app(make_app: AppFactory, tokens: Tokens) -> Flask:
    app = make_app(MTLS_TOKENS=tokens, MTLS_REALM="bank")

    def whoami() -> ResponseReturnValue:
        certificate = bound_token.certificate
        return {"client_id": bound_token.client_id, "bound": certificate is not None}

    async def asynchronous() -> ResponseReturnValue:
        return whoami()

    class Accounts(MethodView):
        decorators = [bound_token_required(scope="accounts")]  # noqa: RUF012  # as Flask's docs do

        def get(self) -> ResponseReturnValue:
            return whoami()

    inside = Blueprint("inside", __name__, url_prefix="/inside")
    inside.before_request(bound_token_required(scope="accounts")(lambda: None))
    inside.add_url_rule("/", view_func=whoami, endpoint="index")
    app.add_url_rule("/plain", view_func=bound_token_required(whoami), endpoint="plain")
    app.add_url_rule("/async", view_func=bound_token_required(scope="accounts")(asynchronous), endpoint="async")
    app.add_url_rule("/lax", view_func=bound_token_required(required=False)(whoami), endpoint="lax")
    app.add_url_rule("/dpop", view_func=bound_token_required(also_verified={"jkt"})(whoami), endpoint="dpop")
    app.add_url_rule("/view", view_func=Accounts.as_view("accounts"))
    app.register_blueprint(inside)
    return app


def ask(app: Flask, path: str, token: str | None, pair: KeyPair | None) -> tuple[int, Any, str | None]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = app.test_client().get(path, headers=headers, **came_with(pair))
    return answer.status_code, answer.get_json(silent=True), answer.headers.get("WWW-Authenticate")


SCOPED = ["/async", "/view", "/inside/"]


@pytest.mark.parametrize("path", ["/plain", *SCOPED])
def test_bound_token_with_its_certificate(app: Flask, billing: KeyPair, other: KeyPair, path: str) -> None:
    assert ask(app, path, "bound", billing) == (200, {"client_id": "billing", "bound": True}, None)
    refused = (401, None, 'Bearer realm="bank", error="invalid_token"')
    assert ask(app, path, "bound", other) == refused
    assert ask(app, path, "bound", None) == refused
    assert ask(app, path, "unbound", billing) == refused
    assert ask(app, path, "nonsense", billing) == refused


@pytest.mark.parametrize("path", SCOPED)
def test_scope(app: Flask, billing: KeyPair, path: str) -> None:
    challenge = 'Bearer realm="bank", error="insufficient_scope", scope="accounts"'
    assert ask(app, path, "narrow", billing) == (403, None, challenge)
    assert ask(app, path, None, billing) == (401, None, 'Bearer realm="bank", scope="accounts"')


def test_unbound_token_where_binding_is_not_required(app: Flask, billing: KeyPair) -> None:
    assert ask(app, "/lax", "unbound", None) == (200, {"client_id": "billing", "bound": False}, None)
    assert ask(app, "/lax", "bound", None)[0] == 401
    assert ask(app, "/lax", "bound", billing)[0] == 200


def test_another_confirmation_method(app: Flask, billing: KeyPair) -> None:
    assert ask(app, "/plain", "twice", billing)[0] == 401
    assert ask(app, "/dpop", "twice", billing)[0] == 401  # a downgrade
    by_dpop = {"Authorization": "DPoP twice"}
    assert app.test_client().get("/dpop", headers=by_dpop, **came_with(billing)).status_code == 200
    assert app.test_client().get("/plain", headers=by_dpop, **came_with(billing)).status_code == 401


def test_dpop(make_app: AppFactory, billing: KeyPair) -> None:
    client = Prover()
    tokens = Tokens(key={"cnf": {"jkt": client.jkt}}, other={"cnf": {"jkt": Prover().jkt}})
    dpop = DPoP(BASE_URL, clock=lambda: NOW, store=MemoryStore(evicts=False))
    app = make_app(MTLS_TOKENS=tokens, MTLS_DPOP=dpop)
    # Decided twice in one request: by the app, and by the view.
    app.before_request(bound_token_required(lambda: None))
    app.add_url_rule("/accounts", view_func=bound_token_required(lambda: {"bound": bool(bound_token.jkt)}))

    def get(token: str, proof: str | None, scheme: str = "DPoP") -> tuple[int, str | None]:
        headers = {"Authorization": f"{scheme} {token}"} | ({"DPoP": proof} if proof else {})
        answer = app.test_client().get("/accounts", headers=headers, base_url="http://internal:8080")
        assert answer.status_code == 401 or answer.get_json() == {"bound": True}
        return answer.status_code, answer.headers.get("WWW-Authenticate")

    algs = 'algs="ES256 PS256 Ed25519"'
    proof = client.proof("key", NOW)
    wrong = (401, f'DPoP error="invalid_dpop_proof", {algs}')
    assert get("key", None) == wrong
    assert get("key", proof, "Bearer") == (401, f'Bearer error="invalid_token", DPoP {algs}')
    assert get("other", client.proof("other", NOW)) == (401, f'DPoP error="invalid_token", {algs}')
    assert get("key", proof) == (200, None)
    assert get("key", proof) == wrong


def test_a_stronger_login(make_app: AppFactory, billing: KeyPair) -> None:
    cnf = {"x5t#S256": billing.certificate.thumbprint}
    app = make_app(MTLS_TOKENS=Tokens(weak={"cnf": cnf}, strong={"cnf": cnf, "acr": "gold"}))
    guarded = bound_token_required(step_up=StepUp(acr_values=["gold"]))
    app.add_url_rule("/gold", view_func=guarded(lambda: ""))
    challenge = 'Bearer error="insufficient_user_authentication", acr_values="gold"'
    assert ask(app, "/gold", "weak", billing) == (401, None, challenge)
    assert ask(app, "/gold", "strong", billing)[0] == 200


def test_the_challenge_names_the_metadata(make_app: AppFactory) -> None:
    app = make_app(MTLS_TOKENS=Tokens())
    app.add_url_rule("/accounts", view_func=bound_token_required(lambda: ""))
    document = protected_resource_metadata(BASE_URL, authorization_servers=["https://as.example.com"])
    app.wsgi_app = MetadataMiddleware(app.wsgi_app, document)  # type: ignore[method-assign]  # as Flask's docs do
    url = f"{BASE_URL}/.well-known/oauth-protected-resource"
    assert ask(app, "/accounts", None, None) == (401, None, f'Bearer resource_metadata="{url}"')


def test_without_tokens_it_says_so(make_app: AppFactory, billing: KeyPair) -> None:
    app = make_app()
    app.add_url_rule("/", view_func=bound_token_required(lambda: ""))
    with pytest.raises(RuntimeError, match="MTLS_TOKENS"):
        ask(app, "/", "bound", billing)


@pytest.mark.parametrize("scope", ["", " ", 'a"b', "a  b"])
def test_wrong_scope_is_refused_where_it_stands(scope: str) -> None:
    with pytest.raises(ValueError, match="scope"):
        bound_token_required(scope=scope)


def test_also_verified_is_a_list() -> None:
    with pytest.raises(TypeError, match="also_verified"):
        bound_token_required(also_verified="jkt")


def test_signals(app: Flask, billing: KeyPair) -> None:
    heard: list[object] = []

    def accepted(sender: Flask, event: Event) -> None:
        heard.append(event.client_id)

    def rejected(sender: Flask, event: Event) -> None:
        heard.append(event.reason)

    with mtls_token_accepted.connected_to(accepted), mtls_token_rejected.connected_to(rejected):
        ask(app, "/plain", "bound", billing)
        ask(app, "/plain", "bound", None)
    assert heard == ["billing", "token_without_certificate"]
