"""The attribute types that programs write, and what they mean."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from tests.support import refused
from wsgi_mtls.clients import SubjectValue
from wsgi_mtls.x509.attribute_types import COLLISIONS, OTHER_NAMES, RFC_NAMES
from wsgi_mtls.x509.name_text import read, read_registered

ROOT = Path(__file__).parents[3]
CASE = ROOT / "tests" / "cases" / "headers" / "nginx-s-dn-x500UniqueIdentifier.txt"

BY_PROGRAM = {
    "OpenSSL": {
        "x500UniqueIdentifier": "2.5.4.45",
        "SN": "2.5.4.4",
        "GN": "2.5.4.42",
        "role": "2.5.4.72",
        "dmdName": "2.5.4.54",
        "street": "2.5.4.9",
        "unstructuredName": "1.2.840.113549.1.9.2",
        "mail": "0.9.2342.19200300.100.1.3",
        "associatedDomain": "0.9.2342.19200300.100.1.37",
        "OGRN": "1.2.643.100.1",
        "SNILS": "1.2.643.100.3",
        "jurisdictionCountryName": "1.3.6.1.4.1.311.60.2.1.3",
        "c3": "2.5.4.98",
    },
    "RFC 4519": {"houseIdentifier": "2.5.4.51", "internationalISDNNumber": "2.5.4.25", "sn": "2.5.4.4"},
    "Windows and .NET": {
        "S": "2.5.4.8",
        "G": "2.5.4.42",
        "I": "2.5.4.43",
        "T": "2.5.4.12",
        "E": "1.2.840.113549.1.9.1",
        "SERIALNUMBER": "2.5.4.5",
        "PC": "2.5.4.17",
        "POBox": "2.5.4.18",
        "Phone": "2.5.4.20",
        "OID.2.5.4.97": "2.5.4.97",
    },
    "Java": {
        "GENERATION": "2.5.4.44",
        "DNQ": "2.5.4.46",
        "DNQUALIFIER": "2.5.4.46",
        "SURNAME": "2.5.4.4",
        "GIVENNAME": "2.5.4.42",
        "EMAILADDRESS": "1.2.840.113549.1.9.1",
        "STREET": "2.5.4.9",
    },
}


@pytest.mark.parametrize("program", BY_PROGRAM)
def test_what_a_program_writes(program: str) -> None:
    for name, oid in BY_PROGRAM[program].items():
        assert read(f"{name}=x") == read_registered(f"{name}=x") == [((oid, "x"),)]


def test_a_header_of_nginx_from_the_field() -> None:
    forwarded = CASE.read_text().strip().strip("'")
    dotted = forwarded.replace("x500UniqueIdentifier", "2.5.4.45")
    for registered, expected in ((forwarded, True), (dotted, True), (dotted.replace("#03", "#04"), False)):
        value = SubjectValue.parse("tls_client_auth_subject_dn", registered)
        assert value.is_among("tls_client_auth_subject_dn", [forwarded]) == expected


USER_ID = "0.9.2342.19200300.100.1.1"


@pytest.mark.parametrize(("name", "registered", "forwarded"), [
    ("UID", USER_ID, USER_ID),
    ("userId", USER_ID, USER_ID),
    ("uid", USER_ID, None),  # of RFC 4519, and OpenSSL's uniqueIdentifier
    ("Uid", USER_ID, None),
    ("uniqueIdentifier", "0.9.2342.19200300.100.1.44", "0.9.2342.19200300.100.1.44"),
    ("mail", "0.9.2342.19200300.100.1.3", "0.9.2342.19200300.100.1.3"),
    ("Mail", "0.9.2342.19200300.100.1.3", "1.3.6.1.7"),
    ("MAIL", "0.9.2342.19200300.100.1.3", None),
])  # fmt: skip
def test_a_name_with_two_meanings(name: str, registered: str, forwarded: str | None) -> None:
    assert read_registered(f"{name}=x") == read_registered(f"/{name}=x") == [((registered, "x"),)]
    if forwarded is None:
        with refused("malformed_name", match=f"disagree on what the attribute type {name} means"):
            read(f"{name}=x")
    else:
        assert read(f"{name}=x") == [((forwarded, "x"),)]


def script() -> Any:
    spec = spec_from_file_location("attribute_types_script", ROOT / "tools" / "attribute_types.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_knows_a_new_collision() -> None:
    made = script()
    listing = "CN = commonName, 2.5.4.3\nuid = uniqueIdentifier, 0.9.2342.19200300.100.1.44\nundefined\n"
    objects = made.objects(listing)
    assert objects == {
        "CN": "2.5.4.3",
        "commonName": "2.5.4.3",
        "uid": "0.9.2342.19200300.100.1.44",
        "uniqueIdentifier": "0.9.2342.19200300.100.1.44",
    }
    assert made.unknown(objects) == []
    assert made.unknown({**objects, "S": "1.2.3", "L": "1.2.4", "New": "1.2.5"}) == ["l", "s"]
    assert [*made.written(objects)] == [
        "0.9.2342.19200300.100.1.44 uid uniqueIdentifier",
        "2.5.4.3 CN commonName",
    ]


def test_the_table_has_no_other_collision() -> None:
    made = script()
    table = [line.split() for line in made.TABLE.read_text().splitlines() if line[:1].isdigit()]
    names = {name: oid for oid, *spelt in table for name in spelt}
    assert len(names) > 1000
    assert made.collisions(names).keys() == COLLISIONS.keys()
    assert RFC_NAMES.keys().isdisjoint(OTHER_NAMES)
