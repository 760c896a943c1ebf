"""Distinguished names: read, and compared as RFC 5280 section 7.1 says."""

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from wsgi_mtls import MalformedName
from wsgi_mtls.x509 import names

CN, O, C = "2.5.4.3", "2.5.4.10", "2.5.4.6"  # noqa: E741


def name(text: str) -> names.DistinguishedName:
    return names.from_rdns(names.read_registered(text))


@pytest.mark.parametrize(
    ("text", "rdns"),
    [
        ("CN=a,O=b", [((O, "b"),), ((CN, "a"),)]),
        ("cn = a , o = b", [((O, "b"),), ((CN, "a"),)]),
        ("commonName=a", [((CN, "a"),)]),
        ("2.5.4.3=a", [((CN, "a"),)]),
        ("OID.2.5.4.3=a", [((CN, "a"),)]),
        ("CN=a+O=b", [((CN, "a"), (O, "b"))]),
        ("CN=", [((CN, ""),)]),
        ("CN=a=b", [((CN, "a=b"),)]),
        ("CN=a#b/c", [((CN, "a#b/c"),)]),
        (r"CN=\#a", [((CN, "#a"),)]),
        (r"CN=\ a\ ", [((CN, " a "),)]),
        (r"CN=\ a\   ", [((CN, " a "),)]),
        (r"CN=a\\  ", [((CN, "a\\"),)]),
        (r"CN=a\5C  ", [((CN, "a\\"),)]),
        (r"CN=\\41", [((CN, r"\41"),)]),
        (r"CN=\41\C3\a5", [((CN, "A\u00e5"),)]),
        (r"CN=\,\+\"\\\<\>\;\=", [((CN, ',+"\\<>;='),)]),
        ("CN=\u00e5", [((CN, "\u00e5"),)]),
        ("CN=#0c0161", [((CN, "a"),)]),
        ("CN=#1E020061", [((CN, "a"),)]),
    ],
)
def test_read(text: str, rdns: list[names.Attributes]) -> None:
    assert names.read(text) == rdns


TYPES = {
    "emailAddress": "1.2.840.113549.1.9.1",
    "E": "1.2.840.113549.1.9.1",
    "serialNumber": "2.5.4.5",
    "GN": "2.5.4.42",
    "SN": "2.5.4.4",
    "T": "2.5.4.12",
    "dnQualifier": "2.5.4.46",
    "jurisdictionC": "1.3.6.1.4.1.311.60.2.1.3",
    "jurisdictionST": "1.3.6.1.4.1.311.60.2.1.2",
    "jurisdictionL": "1.3.6.1.4.1.311.60.2.1.1",
    "businessCategory": "2.5.4.15",
    "organizationIdentifier": "2.5.4.97",
    "postalCode": "2.5.4.17",
    "street": "2.5.4.9",
    "UID": "0.9.2342.19200300.100.1.1",
    "DC": "0.9.2342.19200300.100.1.25",
    "CN": "2.5.4.3",
    "L": "2.5.4.7",
    "ST": "2.5.4.8",
    "O": "2.5.4.10",
    "OU": "2.5.4.11",
    "C": "2.5.4.6",
}


@pytest.mark.parametrize(("attribute_type", "oid"), TYPES.items())
def test_attribute_types(attribute_type: str, oid: str) -> None:
    for spelling in (attribute_type, attribute_type.lower(), attribute_type.upper(), oid):
        assert names.read(f"{spelling}=x") == [((oid, "x"),)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a",
        "=a",
        "CN",
        "CN=a,",
        ",CN=a",
        "CN=a,,O=b",
        "CN=a+",
        "CN=a;O=b",
        'CN="a"',
        "CN=a<b",
        "CN=a\\",
        r"CN=\zz",
        r"CN=\ff",
        r"CN=\C3x",
        "CN=a\0",
        "CN=#",
        "CN=#0",
        "CN=#0c0261",
        "CN=#0c016100",
        "CN=#020101",
        "CN=#zz",
        "nonsense=a",
        "9.9.9=a",
        "2=a",
        "2.5.4.=a",
        "/CN=a",
        "2." + "9" * 5000 + "=a",
    ],
)
def test_not_a_name(text: str) -> None:
    with pytest.raises(MalformedName) as caught:
        names.read(text)
    assert caught.value.message


def test_message_tells_the_place() -> None:
    with pytest.raises(MalformedName, match="from character 6 on"):
        names.read('CN=a,O="b"')


@pytest.mark.parametrize(
    ("slash", "text"),
    [
        ("/C=US/O=Agora/CN=x", "CN=x,O=Agora,C=US"),
        ("/CN=x/y", "CN=x/y"),
        ("/CN=http://a", "CN=http://a"),
        ("/2.5.4.3=x", "CN=x"),
        ("/O=a, b/CN=x", r"CN=x,O=a\, b"),
    ],
)
def test_slash_form_is_read_where_an_operator_wrote_it(slash: str, text: str) -> None:
    assert names.read_registered(slash) == names.read(text)


@pytest.mark.parametrize("text", ["/", "//", "/x", "/CN=a/nonsense=b", r"/CN=\xC3", "/C N=a", "/CN=a+O=b"])
def test_no_slash_form(text: str) -> None:
    with pytest.raises(MalformedName):
        names.read_registered(text)


SAME = [
    ("CN=a,O=b", "cn=A , o=B"),
    ("CN=a  b", "CN= a b "),
    ("CN=a+O=b", "O=b+CN=a"),
    ("CN=STRASSE", "CN=stra\u00dfe"),
    ("CN=e\u0301", "CN=\u00e9"),
    ("CN=a\u00a0b", "CN=a b"),
    ("CN=#130161", "CN=a"),
    ("C=se", "C=SE"),
    ("CN=\u03a3", "CN=\u03c2"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_same(one: str, other: str) -> None:
    assert name(one).matches(name(other))
    assert name(other).matches(name(one))


DIFFERENT = [
    ("CN=a", "CN=b"),
    ("CN=a", "O=a"),
    ("CN=ab", "CN=a b"),
    ("CN=a,O=b", "O=b,CN=a"),
    ("CN=a,O=b", "CN=a+O=b"),
    ("CN=a,O=b", "CN=a"),
    ("CN=a+CN=b", "CN=a"),
    ("CN=e", "CN=\u00e9"),
    ("CN=a", "CN=\u0430"),
    (r"CN=a\,O\=b", "CN=a,O=b"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different(one: str, other: str) -> None:
    assert not name(one).matches(name(other))
    assert name(one).matches(name(one))


@pytest.mark.parametrize(
    "value",
    [
        " ",
        "\0",
        "a\0",
        "a\u200b",
        "a\u200d",
        "a\u202e",
        "a\u00ad",
        "a\ufeff",
        "a\n",
        "a\x7f",
        "a\ufe0f",
        "\ue000",
        "\ufffd",
    ],
)
def test_a_value_that_nobody_can_see_matches_nothing(value: str) -> None:
    hidden = names.from_rdns([((O, "b"),), ((CN, value),)])
    assert not hidden.comparable
    assert not hidden.matches(hidden)
    assert not hidden.matches(names.from_rdns([((O, "b"),), ((CN, "a"),)]))
    assert not names.from_rdns([((O, "b"),), ((CN, "a"),)]).matches(hidden)


def test_empty_name_matches_nothing() -> None:
    empty = names.from_attributes(names.decode(x509.Name([]).public_bytes()))
    assert not empty.matches(empty)


def test_value_that_is_no_text_matches_nothing() -> None:
    bits = x509.NameAttribute(NameOID.X500_UNIQUE_IDENTIFIER, b"\x00a", x509.name._ASN1Type.BitString)
    assert not names.from_attributes(names.decode(x509.Name([bits]).public_bytes())).comparable


@pytest.mark.parametrize("text", ["C=SWE", "CN=", "CN=" + "x" * 65])
def test_no_certificate_can_carry_it(text: str) -> None:
    with pytest.raises(MalformedName):
        names.to_x509(names.read(text))


def test_to_x509() -> None:
    made = names.to_x509(names.read("CN=a+OU=c,O=b"))
    assert [[(a.oid.dotted_string, a.value) for a in rdn] for rdn in made.rdns] == [
        [(O, "b")],
        [(CN, "a"), ("2.5.4.11", "c")],
    ]
