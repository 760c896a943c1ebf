"""A fetched JWK set, and for how long it counts."""

from typing import Any

import pytest

from wsgi_mtls.clients.key_set import from_octets, lifetime, read_key_set
from wsgi_mtls.errors import InvalidClientMetadata
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import self_sign

ONE, TWO = self_sign("CN=one").certificate, self_sign("CN=two").certificate
DATE = "Sat, 28 Nov 2026 12:00:00 GMT"


def test_keys_that_are_not_understood_are_skipped() -> None:
    foreign: dict[str, Any] = {**jwk(ONE), "x5c": jwk(TWO)["x5c"]}
    only_second: dict[str, Any] = {**jwk(ONE), "x5c": ["AAAA", *jwk(ONE)["x5c"]]}  # type: ignore[misc]
    odd: list[Any] = [{"kty": "new", "x5c": ["AAAA"]}, "x", None, 5, [], {}, {"x5c": []}, {"x5c": [5]}, {"kty": "oct"}]
    found = read_key_set({"keys": [*odd, foreign, only_second, jwk(TWO)]}, {})
    assert found.certificates == (TWO,)
    assert read_key_set({"keys": []}, {}).certificates == ()
    assert read_key_set({"keys": [{}] * 99 + [jwk(ONE)]}, {}).certificates == (ONE,)


@pytest.mark.parametrize("document", [None, [], {}, {"keys": {}}, {"keys": None}, "x", {"keys": [{}] * 101}])
def test_what_is_not_a_set(document: object) -> None:
    with pytest.raises(InvalidClientMetadata, match="Expected"):
        read_key_set(document, {})


def test_octets() -> None:
    found = read_key_set({"keys": [jwk(ONE), jwk(TWO)]}, {"etag": 'W/"x"'})
    assert from_octets(found.to_octets()) == found
    assert found.etag == 'W/"x"'


@pytest.mark.parametrize("etag", ["x" * 257, "\xe9", "a\x00b"])
def test_etag_that_is_not_sent_back(etag: str) -> None:
    assert read_key_set({"keys": []}, {"etag": etag}).etag is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"cache-control": "public"}, None),
        ({"cache-control": "max-age=60"}, 60),
        ({"cache-control": "max-age=60, s-maxage=5"}, 60),
        ({"cache-control": "max-age=60", "age": "20"}, 40),
        ({"cache-control": "max-age=60", "age": "80"}, 0),
        ({"cache-control": "max-age=60", "age": "x"}, 60),
        ({"cache-control": "max-age=0"}, 0),
        ({"cache-control": "max-age=-5"}, 0),
        ({"cache-control": "no-store, max-age=60"}, 0),
        ({"cache-control": "no-cache"}, 0),
        ({"cache-control": "max-age=31536000"}, 31536000),
        ({"cache-control": "max-age=60", "expires": "0"}, 60),
        ({"expires": "Sat, 28 Nov 2026 12:10:00 GMT", "date": DATE}, 600),
        ({"expires": "Sat, 28 Nov 2026 11:00:00 GMT", "date": DATE}, 0),
        ({"expires": "Sat, 28 Nov 2026 12:10:00 GMT"}, 0),
        ({"expires": "0", "date": DATE}, 0),
        ({"cache-control": "max-age=nonsense"}, None),
        ({"cache-control": "max-age=" + "9" * 5000}, None),
    ],
)
def test_lifetime(headers: dict[str, str], seconds: float | None) -> None:
    assert lifetime(headers) == seconds


ODD = [
    *(
        "Sat, 28 Nov 99999999999999999999 12:00:00 GMT",
        "Sat, 28 Nov 2026 99:99:99 GMT",
        "Fri, 31 Dec 9999 23:59:59 -2359",
    ),
    *(
        "Sat, 28 Nov 2026 12:00:00 +99999999999",
        "9" * 5000,
        "-1",
        "\xff",
        "",
        "1e999",
        "nan",
        "max-age=nan",
        "max-age=1.5",
    ),
    *('max-age="60"', "max-age=60, max-age=9", 'no-cache="set-cookie", max-age=5', ",=;", DATE),
]


def test_headers_of_a_stranger() -> None:
    for name in ("cache-control", "age", "expires", "date"):
        for other in ("cache-control", "age", "expires", "date"):
            for one in ODD:
                for two in ODD:
                    seconds = lifetime({name: one, other: two})
                    assert seconds is None or seconds >= 0
