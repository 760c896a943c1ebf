"""The URL of a proof is compared as a URL: normalised, and no more (RFC 3986 section 6.2, RFC 9449 section 4.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsgi_mtls.tokens.target import is_at

BASE = "https://api.example.com"
SAME = [
    "https://api.example.com/a/b",
    "HTTPS://API.example.COM/a/b",
    "https://api.example.com:443/a/b",
    "https://api.example.com:0443/a/b",
    "https://api.example.com:/a/b",
    "https://api.example.com/a/b?page=2",
    "https://api.example.com/a/b#part",
    "https://api.example.com/a/b?x#y",
    "https://api.example.com/%61/%62",
    "https://api.example.com/./a/../a/b",
    "https://api.example.com/x/%2E%2e/a/b",
    "https://api%2Eexample.com/a/b",
    "https://api.example.com/a%2Fb",
]
OTHERS = [
    "",
    "x",
    "/a/b",
    "//api.example.com/a/b",
    "https:/a/b",
    "https:///a/b",
    "http://api.example.com/a/b",
    "wss://api.example.com/a/b",
    "https://api.example.com:444/a/b",
    "https://api.example.com:99999/a/b",
    "https://api.example.com:x/a/b",
    "https://api.example.com/a/b/",
    "https://api.example.com//a/b",
    "https://api.example.com/a//b",
    "https://api.example.com/A/b",
    "https://api.example.com/a/b/..",
    "https://api.example.com/a%252Fb",
    "https://api.example.com/a/b%zz",
    "https://api.example.com/a/b%",
    "https://api.example.com/a/b%00",
    "https://api.example.com/a/b;v=1",
    "https://api.example.com./a/b",
    "https://example.com/a/b",
    "https://api.example.com.evil.example/a/b",
    "https://evil.example/https://api.example.com/a/b",
    "https://api.example.com@evil.example/a/b",
    "https://user@api.example.com/a/b",
    "https://user:word@api.example.com/a/b",
    "https://evil.example\\@api.example.com/a/b",
    "https://evil.example#@api.example.com/a/b",
    "https://evil.example?@api.example.com/a/b",
    "https://[api.example.com]/a/b",
    "https://api.example.com /a/b",
    " https://api.example.com/a/b",
    "https://api.example.com/a/b\n",
    "https://api.exa\tmple.com/a/b",
    "https://api.example.com/a\\b",
    "https://\u0430pi.example.com/a/b",
    "https://api.example.com/a/b\u00e9",
]


@pytest.mark.parametrize("htu", SAME)
def test_the_same(htu: str) -> None:
    assert is_at(htu, BASE, "/a/b")


@pytest.mark.parametrize("htu", OTHERS)
def test_others(htu: str) -> None:
    assert not is_at(htu, BASE, "/a/b")


@pytest.mark.parametrize(
    ("htu", "base", "path"),
    [
        ("https://api.example.com", BASE, "/"),
        ("https://api.example.com/", BASE, ""),
        ("https://api.example.com?a", BASE, "/"),
        ("https://api.example.com/v1/a", f"{BASE}/v1", "/a"),
        ("https://api.example.com/v1/a", f"{BASE}:443/v1", "/a"),
        ("https://api.example.com:8443/a", f"{BASE}:8443", "/a"),
        ("https://[2001:db8::1]:8443/a", "https://[2001:DB8::1]:8443", "/a"),
        ("https://api.example.com/caf%C3%A9", BASE, "/caf\u00c3\u00a9"),  # as PEP 3333 has it
        ("https://api.example.com/a%20b", BASE, "/a b"),
        ("https://api.example.com/a%25b", BASE, "/a%b"),
        ("https://api.example.com/a%3Fb", BASE, "/a?b"),
        ("https://api.example.com/~a", f"{BASE}", "/~a"),
        ("https://api.example.com/%7Ea", f"{BASE}", "/~a"),
    ],
)
def test_other_requests(htu: str, base: str, path: str) -> None:
    assert is_at(htu, base, path)


@pytest.mark.parametrize("path", ["/x/../a", "/./a", "/a/.", "//a"])
def test_a_request_that_no_honest_client_sends(path: str) -> None:
    assert not is_at("https://api.example.com/a", BASE, path)


@given(st.text(), st.text(alphabet=st.characters(max_codepoint=255)))
def test_any_text(htu: str, path: str) -> None:
    assert is_at(htu, BASE, path) in (True, False)


@given(st.text(alphabet="abc/.%:@?#[]25eEfF", max_size=12))
def test_only_the_configured_host(rest: str) -> None:
    assert not is_at(f"https://evil.example{rest}", BASE, "/a")
