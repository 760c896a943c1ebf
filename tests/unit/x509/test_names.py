"""Distinguished names: read, and compared as RFC 5280 section 7.1 requires."""

import pytest
from cryptography import x509

from tests import der
from tests.support import refused
from wsgi_mtls.x509 import attributes, name_text, names
from wsgi_mtls.x509.attributes import TypedValue

CN, O, C = "2.5.4.3", "2.5.4.10", "2.5.4.6"  # noqa: E741


def name(text: str) -> names.DistinguishedName:
    return names.from_rdns(name_text.read_registered(text))


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
        ("CN=#0c00", [((CN, ""),)]),
        ("CN=#1300", [((CN, TypedValue(19, b"")),)]),
        ("CN=#03020780", [((CN, TypedValue(3, b"\x07\x80")),)]),
        ("CN=#04024869", [((CN, TypedValue(4, b"Hi")),)]),
        ("CN=#020101", [((CN, TypedValue(2, b"\x01")),)]),
        ('CN="a, b"', [((CN, "a, b"),)]),
        ('O="Acme, Inc.", CN = "x" ', [((CN, "x"),), ((O, "Acme, Inc."),)]),
        ('CN=" a "+O="b+c=d;<>#"', [((CN, " a "), (O, "b+c=d;<>#"))]),
        (r'CN="a\"b\\c\2C"', [((CN, 'a"b\\c,'),)]),
        ('CN="#0c0161"', [((CN, "#0c0161"),)]),
        ('CN=""', [((CN, ""),)]),
    ],
)
def test_read(text: str, rdns: list[name_text.Attributes]) -> None:
    assert name_text.read(text) == rdns


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
        assert name_text.read_registered(f"{spelling}=x") == [((oid, "x"),)]


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
        'CN="a',
        'CN="a"b',
        'CN="a\\"',
        'CN=a"b"',
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
        "CN=#140178e9",
        "CN=#1401e9",
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
    with refused("malformed_name") as caught:
        name_text.read(text)
    assert caught.value.message


def test_message_tells_the_place() -> None:
    with refused("malformed_name", match="from character 6 on"):
        name_text.read('CN=a,O=b"c"')


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
    assert name_text.read_registered(slash) == name_text.read(text)


@pytest.mark.parametrize("text", ["/", "//", "/x", "/CN=a/nonsense=b", r"/CN=\xC3", "/C N=a", "/CN=a+O=b"])
def test_no_slash_form(text: str) -> None:
    with refused("malformed_name"):
        name_text.read_registered(text)


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
    empty = names.from_attributes(attributes.decode(x509.Name([]).public_bytes()))
    assert not empty.matches(empty)


def named(value: bytes, kind: str = CN) -> names.DistinguishedName:
    return names.from_attributes(attributes.decode(der.dn((O, der.utf8("Agora")), (kind, value))))


VALUES = {
    "UTF8String": der.utf8("billing"),
    "other case, as PrintableString": der.printable("BILLING"),
    "BMPString": der.bmp("billing"),
    "an asterisk": der.printable("billing*"),
    "empty": der.utf8(""),
    "empty PrintableString": der.printable(""),
    "empty T61String": der.t61(b""),
    "empty BIT STRING": der.tlv(3),
    "a space": der.utf8(" "),
    "zero width": der.utf8("\u200b"),
    "zero width in a BMPString": der.bmp("\u200b"),
    "Latin-1": der.t61(b"\xe9"),
    "not UTF-8": der.utf8(b"\xff"),
    "bits": der.bits(b"billing"),
    "other bits": der.bits(b"BILLING"),
    "octets": der.oct_(b"billing"),
    "an integer": der.integer(7),
    "a sequence": der.seq(der.utf8("billing")),
    "a tag of two octets": b"\x1f\x81\x01\x01a",
}
EQUAL = [{"UTF8String", "other case, as PrintableString", "BMPString"}]
NOTHING = {"a space", "zero width", "zero width in a BMPString", "Latin-1", "not UTF-8"}


@pytest.mark.parametrize("one", VALUES)
@pytest.mark.parametrize("other", VALUES)
def test_each_pair(one: str, other: str) -> None:
    expected = (one == other and one not in NOTHING) or any({one, other} <= same for same in EQUAL)
    assert named(VALUES[one]).matches(named(VALUES[other])) == expected


@pytest.mark.parametrize("of", VALUES)
def test_a_name_is_registered_as_it_is_printed(of: str) -> None:
    printed = attributes.write(attributes.decode(der.dn((O, der.utf8("Agora")), (CN, VALUES[of]))))
    if of in {"Latin-1", "not UTF-8"}:
        with refused("malformed_name"):
            name(printed)
    elif of in NOTHING:
        assert not name(printed).comparable
    else:
        assert name(printed).matches(named(VALUES[of]))


def test_a_name_of_empty_values_alone_matches_nothing() -> None:
    for value in (der.utf8(""), der.printable(""), der.tlv(3)):
        alone = names.from_attributes(attributes.decode(der.dn((CN, value))))
        assert not alone.matches(alone)


@pytest.mark.parametrize("text", ["C=SWE", "CN=", "CN=" + "x" * 65])
def test_no_certificate_can_carry_it(text: str) -> None:
    with refused("malformed_name"):
        names.to_x509(name_text.read(text))


def test_to_x509() -> None:
    made = names.to_x509(name_text.read("CN=a+OU=c,O=b"))
    assert [[(a.oid.dotted_string, a.value) for a in rdn] for rdn in made.rdns] == [
        [(O, "b")],
        [(CN, "a"), ("2.5.4.11", "c")],
    ]
