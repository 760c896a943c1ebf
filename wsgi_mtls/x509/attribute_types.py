"""The attribute types that names are written with, and their object identifiers."""

_TYPES = {
    # RFC 4514 section 3
    "2.5.4.3": ("CN", "commonName"),
    "2.5.4.7": ("L", "localityName"),
    "2.5.4.8": ("ST", "stateOrProvinceName"),
    "2.5.4.10": ("O", "organizationName"),
    "2.5.4.11": ("OU", "organizationalUnitName"),
    "2.5.4.6": ("C", "countryName"),
    "2.5.4.9": ("STREET", "streetAddress"),
    "0.9.2342.19200300.100.1.25": ("DC", "domainComponent"),
    "0.9.2342.19200300.100.1.1": ("UID", "userId"),
    # What else real certificates carry, under the names that OpenSSL and the profiles give them
    "1.2.840.113549.1.9.1": ("emailAddress", "E"),
    "2.5.4.4": ("SN", "surname"),
    "2.5.4.5": ("serialNumber",),
    "2.5.4.12": ("T", "title"),
    "2.5.4.13": ("description",),
    "2.5.4.15": ("businessCategory",),
    "2.5.4.17": ("postalCode",),
    "2.5.4.41": ("name",),
    "2.5.4.42": ("GN", "givenName"),
    "2.5.4.43": ("initials",),
    "2.5.4.44": ("generationQualifier",),
    "2.5.4.46": ("dnQualifier",),
    "2.5.4.65": ("pseudonym",),
    "2.5.4.97": ("organizationIdentifier",),  # ETSI EN 319 412-1, PSD2
    "1.3.6.1.4.1.311.60.2.1.1": ("jurisdictionL", "jurisdictionLocalityName"),
    "1.3.6.1.4.1.311.60.2.1.2": ("jurisdictionST", "jurisdictionStateOrProvinceName"),
    "1.3.6.1.4.1.311.60.2.1.3": ("jurisdictionC", "jurisdictionCountryName"),
}

OIDS = {name.lower(): oid for oid, names in _TYPES.items() for name in names}
"""Dotted object identifier by attribute type in lower case."""

SHORT_NAMES = {
    oid: names[0]
    for oid, names in _TYPES.items()
    if names[0] in {"CN", "L", "ST", "O", "OU", "C", "STREET", "DC", "UID"}
}
"""The attribute types of RFC 4514 section 3 by object identifier; every other is written as its dotted OID."""
