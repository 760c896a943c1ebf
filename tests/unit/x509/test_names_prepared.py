"""What the preparation of RFC 4518 makes equal, and the values that cannot be compared."""

import time

import pytest
from cryptography import x509
from cryptography.x509.name import _ASN1Type as Tag

from tests.support import refused
from wsgi_mtls.testing import make_ca
from wsgi_mtls.x509 import attributes, name_text, names, preparation

ANY = x509.ObjectIdentifier("2.5.4.41")


def of(value: str, tag: Tag = Tag.UTF8String) -> names.DistinguishedName:
    return names.from_attributes(attributes.decode(x509.Name([x509.NameAttribute(ANY, value, tag)]).public_bytes()))


NFKC = [
    ("\uff41\uff44\uff4d\uff49\uff4e", "admin"),  # full width
    ("\ufb01nance", "finance"),  # a ligature
    ("a\u2024b", "a.b"),  # one dot leader
    ("\u2460", "1"),
    ("\u210c", "h"),
    ("\u2167", "viii"),
    ("\u00b2", "2"),
    ("a\u2003b", "a b"),
    ("\u212bngstr\u00f6m", "\u00e5ngstro\u0308m"),
]


@pytest.mark.parametrize(("one", "other"), NFKC)
def test_compatible_characters_are_the_same(one: str, other: str) -> None:
    assert of(one).matches(of(other))
    assert of(other).matches(names.from_rdns([((ANY.dotted_string, one),)]))


LOOKALIKES = [("a", "\u0430"), ("\u00df", "\u03b2"), ("o", "\u00f8"), ("a.b", "a\u00b7b"), ("l", "\u0131")]


@pytest.mark.parametrize(("one", "other"), LOOKALIKES)
def test_what_only_looks_alike_is_another(one: str, other: str) -> None:
    assert not of(one).matches(of(other))
    assert of(one).matches(of(one))
    assert of(other).matches(of(other))


ASCII_ONLY = [Tag.NumericString, Tag.PrintableString, Tag.T61String, Tag.IA5String, Tag.VisibleString]


@pytest.mark.parametrize("tag", ASCII_ONLY)
def test_strings_that_readers_agree_on_for_ascii_alone(tag: Tag) -> None:
    """cryptography takes the octets for UTF-8, OpenSSL for Latin-1."""
    assert of("abc 12", tag).matches(of("abc 12"))
    assert not of("x\u00e9", tag).comparable
    assert not of("x\u00e9", tag).matches(of("x\u00e9"))


@pytest.mark.parametrize("tag", [Tag.UTF8String, Tag.BMPString, Tag.UniversalString])
def test_strings_of_unicode(tag: Tag) -> None:
    assert of("x\u00e9", tag).matches(of("X\u00c9"))
    assert of("\U0001d5ba", tag).matches(of("a")) == (tag is not Tag.BMPString)  # it has no surrogates


@pytest.mark.parametrize("value", ["140378c3a9", "160378c3a9", "130378c3a9", "1e04d83dde00"])
def test_hex_that_readers_disagree_on(value: str) -> None:
    with refused("malformed_name", match="UTF8String"):
        name_text.read(f"CN=#{value}")
    assert name_text.read("CN=#0c0378c3a9") == name_text.read("CN=x\u00e9") == name_text.read("CN=#1e04007800e9")


def test_common_names_of_unknown_text() -> None:
    """The empty text, and not nothing: two names stay two."""
    values = [("anna", Tag.UTF8String), ("x\u00e9", Tag.T61String), ("bo", Tag.T61String)]
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, value, tag) for value, tag in values])
    assert make_ca().issue(subject).certificate.common_names == ("anna", "", "bo")


def test_longest_value() -> None:
    for letter in ("a", "\u00e9"):
        assert of(letter * 1024).matches(of(letter * 1024))
        assert not of(letter * 1025).comparable


@pytest.mark.parametrize("value", ["\u0f73\u0f74" * 9900, "a" + "\u0301\u0316" * 14000])
def test_hostile_value_costs_no_square_of_its_length(value: str) -> None:
    longest = value.encode()[: attributes.MAX_NAME_SIZE].decode(errors="ignore")
    started = time.process_time()
    for _ in range(5):
        assert not preparation.prepare(value)  # it was a second for each
        assert preparation.prepare_leniently(longest)
    assert time.process_time() - started < 0.5


def test_hostile_text_costs_no_square_of_its_length() -> None:
    started = time.process_time()
    (rdn,) = name_text.read("+".join(["CN=a"] * 50000))
    assert len(rdn) == 50000
    assert time.process_time() - started < 3  # it was 20
