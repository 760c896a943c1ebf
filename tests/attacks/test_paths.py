"""Rows 50 and 51: no spelling of a path leads a router to a guarded view, and the guard refuses no honest one."""

from collections.abc import Callable
from typing import Any

import cherrypy
import pytest

from tests.frameworks import SITES, cherrypy_site
from tests.odd_paths import GUARDED, OPEN, Walk, inserted, octets, replaced
from tests.support import Endpoint, request
from tests.tokens import GuardedAPI, Issuer
from wsgi_mtls.testing import KeyPair, self_sign
from wsgi_mtls.wsgi_tokens import TOKEN

MODES: dict[str, dict[str, Any]] = {
    "paths": {"paths": GUARDED},
    "pass": {"paths": GUARDED, "undecodable": "pass"},
    "everything": {"paths": "*", "except_paths": OPEN},
}
ODD = [
    "/open\n",
    "/\x00open",
    "/open\x7f",
    "/op\x1fen",
    "/open\xff",
    "/caf\xe9",
    "/caf\xc3",
    "/open\xc2\x85",
    "/x/../open",
]


@pytest.fixture(scope="module")
def pair() -> KeyPair:
    return self_sign("CN=billing")


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(params=SITES)
def site(request: pytest.FixtureRequest, issuer: Issuer) -> Callable[..., Walk]:
    def behind(**options: Any) -> Walk:
        served: list[str] = []
        return Walk(SITES[request.param](served), served, issuer, **options)

    return behind


@pytest.mark.parametrize("mode", MODES)
def test_row_51_honest_requests(site: Callable[..., Walk], issuer: Issuer, pair: KeyPair, mode: str) -> None:
    walk = site(**MODES[mode])
    for path in OPEN:
        assert walk.serves(path)
    for path in GUARDED:
        assert walk.get(octets(path)).status == 401
        assert walk.serves(path, issuer.token(pair), pair)


@pytest.mark.parametrize("mode", MODES)
def test_row_51_octets_that_a_router_may_not_see(site: Callable[..., Walk], mode: str) -> None:
    walk = site(**MODES[mode])
    for path in GUARDED:
        # Pyramid's traversal takes @@name for name, as docs/bound-tokens.md explains.
        assert [odd for odd in walk.reached(inserted(path)) if "/@@" not in odd or mode == "everything"] == []


def test_row_51_octets_that_a_router_may_take_for_others(site: Callable[..., Walk]) -> None:
    walk = site(paths="*", except_paths=OPEN)
    for path in GUARDED:
        assert walk.reached(replaced(path)) == []


def test_row_51_below_what_is_open(site: Callable[..., Walk]) -> None:
    walk = site(paths="*", except_paths=OPEN)
    for path in GUARDED:
        name = octets(path).removeprefix("/")
        assert walk.reached(f"/open/{odd}{name}" for odd in ("", "../", "./../", "../\xff", "/", "..\xff/", "@@")) == []


def test_row_51_cherrypys_punctuation(issuer: Issuer, pair: KeyPair) -> None:
    """Named paths are not enough for CherryPy, as docs/bound-tokens.md explains; everything is."""
    served: list[str] = []
    walk = Walk(cherrypy_site(served), served, issuer, paths=["/my_accounts"])
    assert walk.reached(["/my-accounts", "/my.accounts"]) == ["/my-accounts", "/my.accounts"]
    walk = Walk(cherrypy_site(served), served, issuer, paths="*")
    assert walk.get("/my-accounts").status == 401
    assert walk.get("/my-accounts", issuer.token(pair), pair).status == 200


def test_row_51_a_view_that_looks_the_token_up(issuer: Issuer, pair: KeyPair) -> None:
    """What docs/bound-tokens.md advises in any case."""

    class Root:
        @cherrypy.expose  # type: ignore[untyped-decorator]
        def my_accounts(self) -> str:
            return str(cherrypy.request.wsgi_environ[TOKEN].client_id)

    app = cherrypy.Application(Root(), "")
    app.log.screen = False
    walk = Walk(app, [], issuer, paths=["/my_accounts"])
    assert walk.get("/my-accounts").status == 500
    assert walk.get("/my_accounts", issuer.token(pair), pair).body == b"billing"


@pytest.mark.parametrize("path", ODD)
@pytest.mark.parametrize("options", MODES.values(), ids=MODES)
def test_row_51_odd_path_that_is_not_guarded(issuer: Issuer, options: dict[str, Any], path: str) -> None:
    api = GuardedAPI(issuer.tokens(), **options)
    if path in ("/open\xff", "/caf\xe9", "/caf\xc3") and "undecodable" in options:
        with pytest.raises(KeyError, match=TOKEN):  # the application is reached, and nothing was accepted
            api.get(path=path)
        assert api.events == []
        return
    for where in ({"path": path}, {"path": "/open", "extra": {"SCRIPT_NAME": path}}):
        api.events.clear()
        answer = api.get(**where)
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (400, 'Bearer error="invalid_request"')
        assert [(event.name, event.reason) for event in api.events] == [("token_rejected", "malformed_path")]


@pytest.mark.parametrize("path", [path.replace("open", "token").replace("caf", "token") for path in ODD])
@pytest.mark.parametrize("on_failure", ["respond", "defer"])
def test_row_51_at_an_authorization_server(ca: KeyPair, path: str, on_failure: str) -> None:
    """A deferred refusal would go to a view that does not know that it has to look."""
    client = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=billing"}
    for paths in (["/token"], ["/elsewhere"], "*"):
        endpoint = Endpoint({"billing": client}, paths=paths, on_failure=on_failure)
        for pair in (None, ca.issue("CN=billing")):
            assert endpoint.outcome("billing", pair, path=path) == (400, "invalid_request", "malformed_path")


def test_row_51_the_refusal_shows_the_path_escaped_and_cut(issuer: Issuer) -> None:
    api = GuardedAPI(issuer.tokens())
    api.get(path="/\x1b[31m" + "\xff\u0394" * 5000)  # characters that are not octets, as no server of PEP 3333 sends
    (event,) = api.events
    assert event.detail
    assert "%1B" in event.detail
    assert event.detail.isprintable()
    assert len(event.detail) < 500


def test_row_51_latin_1_of_guarded_paths(issuer: Issuer) -> None:
    """With the odd octets dropped, replaced or read as Latin-1, these equal or lie below a guarded path."""
    api = GuardedAPI(issuer.tokens(), paths=["/accounts", "/donn\u00e9es/x"], undecodable="pass")
    for path in (
        "/acc\xffounts",
        "/\xffaccounts/7",
        "/\xff/accounts",
        "/accounts/\xff",
        "/donn\xe9es/x",
        "/\xc3\xa9/donnes/x\xff",
    ):
        mounts = ("", "/x") if not path.startswith("/\xc3") else ("/\xc3\xa9",)
        for mount in mounts:
            assert api.get(path=path, extra={"SCRIPT_NAME": mount}).status == 400, (mount, path)
    for path in (
        "/acc\xffount",
        "/x/acc\xffounts",
        "/donn\xe9es",
        "/donn\xe9es/y",
        "/caf\xe9/accounts",
        "/Accounts\xff",
    ):
        with pytest.raises(KeyError, match=TOKEN):
            api.get(path=path)


def test_row_50_exceptions_at_mount_points(issuer: Issuer) -> None:
    """A caller may choose the mount point; CherryPy's tree routes by it."""
    api = GuardedAPI(issuer.tokens(), paths="*", except_paths=["/open", "/api/open", "/static"])
    for mount, path in (("", "/open"), ("", "/open/"), ("", "/open/x"), ("/api", "/open"), ("/api", "/open/x")):
        with pytest.raises(KeyError, match=TOKEN):
            api.get(path=path, extra={"SCRIPT_NAME": mount})
    for mount, path in (
        ("/open", "/accounts"),
        ("/accounts", "/open"),
        ("/open", ""),
        ("/op", "en"),
        ("", "open"),
        ("", "/Open"),
        ("", "/opens"),
        ("", "/x/open"),
        ("", "//open"),
        ("", "//open/accounts"),
        ("", "/open//accounts"),
        ("/api/", "/open"),
        ("/", "/open"),
        ("/api", "/static"),
        ("/x/api", "/open"),
    ):
        assert api.get(path=path, extra={"SCRIPT_NAME": mount}).status == 401, (mount, path)


def test_row_50_exceptions_at_an_authorization_server(ca: KeyPair) -> None:
    client = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=billing"}
    endpoint = Endpoint({"billing": client}, paths="*", except_paths=["/metadata"])
    assert request(endpoint.app, {"client_id": "billing"}, path="/metadata").json["client_id"] is None
    for path in ("/token", "/", "/metadata\n", "//metadata", "/Metadata"):
        assert endpoint.outcome("billing", path=path)[0] in (400, 401)
    assert endpoint.outcome("billing", ca.issue("CN=billing"), path="/token")[0] == 200


def test_row_51_what_never_passes(issuer: Issuer) -> None:
    api = GuardedAPI(issuer.tokens(), undecodable="pass")
    for mount, path in (
        ("", "/x/.\xff./accounts"),
        ("", "/x\xff\n"),
        ("", "/x\xff/./y"),
        ("/\x00", "/x\xff"),
        ("", "/x\u0394"),  # no octet, as no server of PEP 3333 sends it
    ):
        assert api.get(path=path, extra={"SCRIPT_NAME": mount}).status == 400, (mount, path)


def test_row_51_half_a_character_in_the_mount_point(issuer: Issuer) -> None:
    """A router decodes PATH_INFO by itself."""
    api = GuardedAPI(issuer.tokens())
    assert api.get(path="\xa9/accounts", extra={"SCRIPT_NAME": "/x\xc3"}).status == 400
    assert api.get(path="/accounts", extra={"SCRIPT_NAME": "/\xc3\xa9"}).status == 401
