"""The differences between a registered name and a certificate's subject."""

from itertools import zip_longest

from . import attributes, names
from .attribute_types import SHORT_NAMES
from .attributes import TypedValue
from .certificate import ClientCertificate
from .name_text import Attributes, read_registered


def differences(registered: str, certificate: ClientCertificate) -> list[str]:
    """Compare a registered name with a certificate's subject, RDN by RDN.

    The first RDN is the first in RFC 4514 order.

    Args:
        registered: RFC 4514 text.
        certificate: the certificate.

    Returns:
        A line for each RDN that differs, or one for a name in the opposite order.
    """
    wanted, has = read_registered(registered), certificate.subject_attributes
    prepared = names.from_rdns(wanted)
    if prepared.reversed.matches(certificate.subject_name):
        return [f"the same RDNs in the opposite order: register {certificate.subject!r}"]
    sides = zip_longest(
        reversed(list(zip(prepared.rdns, map(_written, wanted), strict=True))),
        reversed(list(zip(certificate.subject_name.rdns, (attributes.write((rdn,)) for rdn in has), strict=True))),
        fillvalue=(None, "nothing"),
    )
    return [
        f"RDN {number}: registered {ours}, certificate {theirs}"
        for number, ((key, ours), (other, theirs)) in enumerate(sides, 1)
        if key != other
    ]


def _written(rdn: Attributes) -> str:
    return "+".join(f"{SHORT_NAMES.get(oid, oid)}={_text(value)}" for oid, value in rdn)


def _text(value: str | TypedValue) -> str:
    return value.to_hex() if isinstance(value, TypedValue) else value
