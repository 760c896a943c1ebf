"""The attribute types that names are written with, and their object identifiers."""

from collections.abc import Iterator, Mapping

from .openssl_names import TABLE

_RFC_4514_AND_4519 = """
2.5.4.3 CN commonName
2.5.4.4 SN surname
2.5.4.5 serialNumber
2.5.4.6 C countryName
2.5.4.7 L localityName
2.5.4.8 ST stateOrProvinceName
2.5.4.9 STREET streetAddress
2.5.4.10 O organizationName
2.5.4.11 OU organizationalUnitName
2.5.4.12 title
2.5.4.13 description
2.5.4.14 searchGuide
2.5.4.15 businessCategory
2.5.4.16 postalAddress
2.5.4.17 postalCode
2.5.4.18 postOfficeBox
2.5.4.19 physicalDeliveryOfficeName
2.5.4.20 telephoneNumber
2.5.4.21 telexNumber
2.5.4.22 teletexTerminalIdentifier
2.5.4.23 facsimileTelephoneNumber
2.5.4.24 x121Address
2.5.4.25 internationalISDNNumber
2.5.4.26 registeredAddress
2.5.4.27 destinationIndicator
2.5.4.28 preferredDeliveryMethod
2.5.4.31 member
2.5.4.32 owner
2.5.4.33 roleOccupant
2.5.4.34 seeAlso
2.5.4.35 userPassword
2.5.4.41 name
2.5.4.42 givenName
2.5.4.43 initials
2.5.4.44 generationQualifier
2.5.4.45 x500UniqueIdentifier
2.5.4.46 dnQualifier
2.5.4.47 enhancedSearchGuide
2.5.4.49 distinguishedName
2.5.4.50 uniqueMember
2.5.4.51 houseIdentifier
0.9.2342.19200300.100.1.1 UID uid userId
0.9.2342.19200300.100.1.25 DC domainComponent
"""
# Windows (CertNameToStr), .NET (X500DistinguishedName), Java (X500Principal), and what people write.
_OTHERS = """
1.2.840.113549.1.9.1 E Email emailAddress
2.5.4.4 SURNAME
2.5.4.5 SERIALNUMBER
2.5.4.8 S
2.5.4.12 T
2.5.4.17 PC
2.5.4.18 POBox
2.5.4.20 Phone
2.5.4.24 X21Address
2.5.4.42 G GN GIVENNAME
2.5.4.43 I
2.5.4.44 GENERATION
2.5.4.46 DNQ DNQUALIFIER
2.5.4.97 organizationIdentifier
"""

COLLISIONS: Mapping[str, str] = {
    # OpenSSL prints uid for uniqueIdentifier (RFC 4524 section 2.22), and UID for userId.
    "uid": "0.9.2342.19200300.100.1.1",
    # OpenSSL has mail for rfc822Mailbox (RFC 4524 section 2.16), and Mail for an arc of identifiers.
    "mail": "0.9.2342.19200300.100.1.3",
}
"""The names with several meanings, in lower case, and the meaning that wins in what an operator registers."""


def _named(table: str) -> Iterator[tuple[str, str]]:
    for line in table.split("\n"):
        oid, *names = line.split() or [""]
        yield from ((name, oid) for name in names)


RFC_NAMES: Mapping[str, str] = dict(_named(_RFC_4514_AND_4519))
"""Dotted object identifier by attribute type, as RFC 4514 and RFC 4519 spell it."""
OTHER_NAMES: Mapping[str, str] = dict(_named(_OTHERS))
"""The same by the names of Windows, .NET and Java."""

_SOURCES = (RFC_NAMES, dict(_named(TABLE)), OTHER_NAMES)
_EXACT: dict[str, set[str]] = {}
OIDS: dict[str, str] = {}
"""Dotted object identifier by attribute type in lower case; RFC 4514 and RFC 4519 win over OpenSSL, it over others."""
for _names in _SOURCES:
    for _name, _oid in _names.items():
        _EXACT.setdefault(_name, set()).add(_oid)
        OIDS.setdefault(_name.lower(), _oid)
OIDS |= COLLISIONS

SHORT_NAMES = {
    oid: name for name, oid in RFC_NAMES.items() if name in {"CN", "L", "ST", "O", "OU", "C", "STREET", "DC", "UID"}
}
"""The attribute types of RFC 4514 section 3 by object identifier; every other is written as its dotted OID."""


def exact_oid(name: str) -> str | None:
    """Return the OID of a type as a program spelt it, if programs agree on it.

    Return None where they disagree.

    Raises:
        KeyError: If no program has this name.
    """
    oid = OIDS[name.lower()]
    if name.lower() not in COLLISIONS:
        return oid
    meanings = _EXACT.get(name, set())
    return next(iter(meanings)) if len(meanings) == 1 else None
