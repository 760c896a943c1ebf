"""``flask mtls check`` fails where a decorator was written above its route, so that the route is open."""

import functools
from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask
from flask.views import MethodView, View

from flask_mtls import bound_token_required, certificate_required, client_auth_required

from .conftest import AppFactory

Function = Callable[..., Any]


def errors(app: Flask) -> list[str]:
    """Return the lines about routes, the app's only errors."""
    result = app.test_cli_runner().invoke(args=["mtls", "check"])
    lines = [line for line in result.output.splitlines() if "E004" in line]
    assert result.exit_code == int(bool(lines)), result.output
    return lines


def new_view(name: str = "view") -> Function:
    """Make a function of its own, since what was wrapped is noted for the whole process."""

    def view(**_: object) -> str:
        return "open"

    view.__name__ = name
    return view


def kept(view: Function) -> Function:
    """Decorate as most do."""

    @functools.wraps(view)
    def inner(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return inner


def nameless(view: Function) -> Function:
    """Decorate without functools.wraps."""

    def inner(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return inner


ABOVE: list[Callable[[Function], Function]] = [
    lambda route: client_auth_required(route),
    lambda route: client_auth_required(kept(route)),
    lambda route: kept(client_auth_required(route)),
    lambda route: client_auth_required(kept(kept(route))),
]


@pytest.mark.parametrize("decorate", ABOVE)
def test_above_and_below(make_app: AppFactory, decorate: Callable[[Function], Function]) -> None:
    app = make_app()
    app.post("/below")(decorate(new_view("below")))
    assert errors(app) == []
    dropped = decorate(app.post("/above")(new_view("above")))
    assert [line.partition(",")[0] for line in errors(app)] == [
        "Error: /above (endpoint 'above') is not guarded by client_auth_required"
    ]
    del dropped  # as the local name of a factory, which is gone when the app is checked
    assert len(errors(app)) == 1
    assert app.test_client().post("/above").text == "open"
    assert app.test_client().post("/below").status_code == 400


def test_below_a_decorator_that_keeps_no_name(make_app: AppFactory) -> None:
    app = make_app()
    app.post("/below", endpoint="below")(nameless(client_auth_required(new_view())))
    assert errors(app) == []


def test_several_decorators(make_app: AppFactory) -> None:
    app = make_app(MTLS_TOKENS=Tokens())
    bound_token_required(client_auth_required(app.post("/none")(new_view("none"))))
    client_auth_required(app.post("/half")(bound_token_required(new_view("half"))))
    app.post("/both")(client_auth_required(bound_token_required(new_view("both"))))
    none, half = errors(app)
    assert none.startswith("Error: /none (endpoint 'none') is not guarded by client_auth_required and bound_token_requ")
    assert half.startswith("Error: /half (endpoint 'half') is not guarded by client_auth_required, ")


class Tokens:
    def decode(self, token: str) -> dict[str, object]:
        raise NotImplementedError


@pytest.mark.parametrize("closed", [client_auth_required, lambda view: kept(client_auth_required(view))])
def test_function_that_is_open_at_one_of_two_routes(
    make_app: AppFactory, closed: Callable[[Function], Function]
) -> None:
    app, view = make_app(), new_view()
    app.add_url_rule("/closed", "closed", closed(view), methods=["POST"])
    app.add_url_rule("/open", "open", view, methods=["POST"])
    assert errors(app) == []
    other = make_app()
    other.add_url_rule("/open", "open", view, methods=["POST"])
    assert len(errors(other)) == 1  # an app in which nothing guards it


def test_two_rules_of_one_endpoint(make_app: AppFactory) -> None:
    app = make_app()
    client_auth_required(app.post("/a")(app.post("/b")(new_view("both"))))
    (line,) = errors(app)
    assert "/a, /b" in line or "/b, /a" in line


def test_blueprint(make_app: AppFactory) -> None:
    app, blueprint = make_app(), Blueprint("bank", __name__, url_prefix="/bank")
    client_auth_required(blueprint.post("/above")(new_view("above")))
    blueprint.post("/below")(client_auth_required(new_view("below")))
    certificate_required(blueprint.before_request(new_view("guard")))
    blueprint.before_request(certificate_required(new_view("other_guard")))
    assert errors(app) == []  # not registered yet
    app.register_blueprint(blueprint)
    route, guard = errors(app)
    assert "/bank/above (endpoint 'bank.above')" in route
    assert "guard (before_request of the blueprint 'bank')" in guard


def test_class_based_views(make_app: AppFactory) -> None:
    class Methods(MethodView):
        @client_auth_required
        @kept
        def post(self) -> str:
            return ""

    class Listed(View):
        decorators = [kept, certificate_required]  # noqa: RUF012  # as Flask's docs do

        def dispatch_request(self) -> str:
            return ""

    app = make_app()
    app.add_url_rule("/methods", view_func=Methods.as_view("methods"))
    app.add_url_rule("/listed", view_func=Listed.as_view("listed"))
    app.add_url_rule("/wrapped", view_func=certificate_required(Listed.as_view("wrapped")))
    assert errors(app) == []
    late = Methods.as_view("late")
    app.add_url_rule("/late", view_func=late)
    certificate_required(late)
    (line,) = errors(app)
    assert "/late (endpoint 'late')" in line


def test_function_that_another_view_calls(make_app: AppFactory) -> None:
    app, view = make_app(), new_view("inner")
    guarded = client_auth_required(view)
    app.post("/through", endpoint="through")(lambda: guarded())
    app.post("/inner")(view)
    assert errors(app) == []


def test_object_without_weak_references(make_app: AppFactory) -> None:
    class Callable_:  # noqa: N801
        __slots__ = ()
        __name__ = "callable"

        def __call__(self) -> str:
            return ""

    app = make_app()
    app.add_url_rule("/x", "x", client_auth_required(Callable_()), methods=["POST"])
    app.add_url_rule("/y", "y", Callable_(), methods=["POST"])
    assert errors(app) == []
