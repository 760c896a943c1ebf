"""Which paths can be guarded; ATTACKS.md's row 50 has the requests."""

from typing import Any

import pytest

from wsgi_mtls.request.paths import PathMatcher


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
        PathMatcher(["/token", path])


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
    matches = PathMatcher([path])
    assert matches({"PATH_INFO": guarded})
    assert not matches({"PATH_INFO": "/elsewhere"})


PATHS: list[Any] = [[5], [None], [b"/x"], ["/x", ""], ["x"], [], "/x", b"/x", None, 5, iter(["/x"])]


@pytest.mark.parametrize("paths", PATHS)
def test_no_list_of_paths(paths: Any) -> None:
    with pytest.raises(ValueError, match="slash"):
        PathMatcher(paths)


@pytest.mark.parametrize("paths", [["/x"], ("/x",), {"/x"}, {"/x": 1}])
def test_any_collection_of_paths(paths: Any) -> None:
    assert PathMatcher(paths)({"PATH_INFO": "/x"})
