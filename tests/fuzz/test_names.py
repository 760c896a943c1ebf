"""Names of any text: read or refused, and what is written is read back as the same name."""

from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import example, given
from hypothesis import strategies as st

from wsgi_mtls.clients import SUBJECT_KINDS, SubjectKind, SubjectValue
from wsgi_mtls.errors import BadCertificate, InvalidClientMetadata
from wsgi_mtls.testing import make_ca
from wsgi_mtls.x509 import attributes, name_text, names, preparation

CA = make_ca()
PIECES = st.sampled_from(
    [
        "CN",
        "O=",
        "CN=",
        "2.5.4.3=",
        "OID.",
        "=",
        ",",
        "+",
        "\\",
        "#",
        "#0c",
        "\\C3",
        "\\20",
        '"',
        ";",
        " ",
        "/",
        "\0",
        "a",
    ]
)
DN_LIKE = st.lists(st.one_of(PIECES, st.text(max_size=5))).map("".join)


@given(st.one_of(st.text(), DN_LIKE))
@example("#" * 1000)
@example("CN=" + " " * 60000 + ";")
@example("CN=a+" * 5000)
def test_any_text(text: str) -> None:
    for read in (name_text.read, name_text.read_registered):
        try:
            rdns = read(text)
        except BadCertificate:
            continue
        assert rdns
        assert names.from_rdns(rdns) == names.from_rdns(rdns)


@given(st.sampled_from(SUBJECT_KINDS), st.one_of(st.text(), DN_LIKE, st.emails(), st.integers(), st.none()))
def test_any_subject_value(kind: SubjectKind, value: object) -> None:
    try:
        subject = SubjectValue.parse(kind, value)
    except InvalidClientMetadata:
        return
    assert not subject.matches(CA.certificate)


OIDS = st.sampled_from(
    [
        NameOID.COMMON_NAME,
        NameOID.ORGANIZATION_NAME,
        NameOID.USER_ID,
        NameOID.EMAIL_ADDRESS,
        x509.ObjectIdentifier("2.5.4.97"),
        x509.ObjectIdentifier("1.2.3.4"),
    ]
)
# Surrogates are no characters, and no certificate can carry them.
VALUES = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(' \\#+,;<>="/')), min_size=1, max_size=20
)
ATTRIBUTES = st.builds(x509.NameAttribute, OIDS, VALUES)
RDNS = st.lists(ATTRIBUTES, min_size=1, max_size=3, unique=True).map(x509.RelativeDistinguishedName)


@given(st.lists(RDNS, min_size=1, max_size=4).map(x509.Name))
def test_round_trip(name: x509.Name) -> None:
    """What a certificate's subject prints is read back as the same name.

    An e-mail address beyond ASCII matches nothing: it is in an IA5String, which readers decode differently.
    """
    rdns = name_text.read(name.rfc4514_string())
    assert [set(rdn) for rdn in rdns] == [{(a.oid.dotted_string, a.value) for a in rdn} for rdn in name.rdns]
    if all(a.value.isascii() for rdn in name.rdns for a in rdn if a.oid == NameOID.EMAIL_ADDRESS):
        assert names.from_rdns(rdns) == names.from_attributes(attributes.decode(name.public_bytes()))
    else:
        assert not names.from_attributes(attributes.decode(name.public_bytes())).comparable
    assert names.to_x509(rdns) == name


@given(st.text())
def test_preparation_settles(value: str) -> None:
    prepared = preparation.prepare(value)
    assert preparation.prepare(prepared) == prepared
    assert prepared == prepared.strip()
    assert "  " not in prepared
