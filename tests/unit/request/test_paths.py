"""Which paths can be guarded; ATTACKS.md's row 50 has the requests."""

from typing import Any

import pytest

from tests.support import refused
from wsgi_mtls.request.paths import PathGuard


@pytest.mark.parametrize(
    "path",
    [
        "/api/*",
        "/api/**",
        "/api/<id>",
        "/api/<int:id>",
        "/api/{id}",
        "/api/[0-9]+",
        "/a%20b",
        "/accounts?x",
        "/accounts#x",
        "/api\\accounts",
        "/api/../accounts",
        "/./accounts",
        "/..",
        "/accounts\n",
    ],
)
def test_pattern_would_guard_nothing(path: str) -> None:
    with pytest.raises(ValueError, match="literal and decoded"):
        PathGuard(["/token", path])


@pytest.mark.parametrize(
    ("path", "guarded"),
    [
        ("/api", "/api/5"),
        ("/api/", "/api"),
        ("/a b", "/a b"),
        ("/a;v=1", "/a;v=1"),
        ("/$metadata", "/$metadata"),
        ("/users('x')", "/users('x')/y"),
        ("/v1/x:run", "/v1/x:run"),
        ("/.well-known/x", "/.well-known/x"),
        ("/...", "/..."),
        ("/jetón", "/jetón".encode().decode("latin-1")),
    ],
)
def test_literal_path(path: str, guarded: str) -> None:
    matches = PathGuard([path])
    assert matches({"PATH_INFO": guarded})
    assert not matches({"PATH_INFO": "/elsewhere"})


PATHS: list[Any] = [[5], [None], [b"/x"], ["/x", ""], ["x"], [], "/x", b"/x", None, 5, iter(["/x"])]


@pytest.mark.parametrize("paths", PATHS)
def test_no_list_of_paths(paths: Any) -> None:
    with pytest.raises(ValueError, match="slash"):
        PathGuard(paths)


@pytest.mark.parametrize("paths", [["/x"], ("/x",), {"/x"}, {"/x": 1}])
def test_any_collection_of_paths(paths: Any) -> None:
    assert PathGuard(paths)({"PATH_INFO": "/x"})


@pytest.mark.parametrize(
    ("paths", "except_paths", "reason"),
    [
        ("*", ["/"], "too: except less"),
        (["/api"], ["/open"], "open already"),
        (["/api"], ["/api"], "too: except less"),
        (["/api/secret", "/api"], ["/api/secret"], "too: except less"),
        (["/", "/open/secret"], ["/open"], "too: except less"),
        ("*", "/open", "except_paths must be a list"),
        ("*", "*", "except_paths must be a list"),
        ("*", None, "except_paths must be a list"),
        ("*", ["open"], "in except_paths must be a text"),
        ("*", ["/open/*"], "literal and decoded"),
        ("*", ["/open/../x"], "literal and decoded"),
        ("*", ["/open\x85"], "literal and decoded"),
        (["*"], [], "starts with a slash"),
    ],
)
def test_exceptions_that_open_nothing_or_too_much(paths: Any, except_paths: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        PathGuard(paths, except_paths=except_paths)


def test_exceptions_below_guarded_paths() -> None:
    guards = PathGuard(["/api", "/token"], except_paths=["/api/open/", "/api/caf\u00e9"])
    for path in ("/api/open", "/api/open/x", "/api/caf\u00e9".encode().decode("latin-1"), "/other"):
        assert not guards({"PATH_INFO": path})
    for path in ("/api", "/api/opened", "/token", "//api/open", "/api/x"):
        assert guards({"PATH_INFO": path})


@pytest.mark.parametrize("paths", ["*", ["/"], ["/token", "/"]])
def test_passing_where_everything_is_guarded(paths: Any) -> None:
    with pytest.raises(ValueError, match="has no effect"):
        PathGuard(paths, undecodable="pass")


@pytest.mark.parametrize("undecodable", ["allow", "", None, True])
def test_undecodable(undecodable: Any) -> None:
    with pytest.raises(ValueError, match="undecodable must be"):
        PathGuard(["/token"], undecodable=undecodable)


def test_guarded_path_without_ascii_could_be_any() -> None:
    guards = PathGuard(["/\u0434\u0430\u043d\u043d\u044b\u0435"], undecodable="pass")
    assert not guards({"PATH_INFO": "/open"})
    with refused("malformed_path", match="taken for a guarded path: /caf%E9"):
        guards({"PATH_INFO": "/caf\xe9"})
