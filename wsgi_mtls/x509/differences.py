"""Where a registered name and a certificate's subject differ."""

from itertools import zip_longest

from . import names
from .attribute_types import SHORT_NAMES
from .certificate import ClientCertificate


def differences(registered: str, certificate: ClientCertificate) -> list[str]:
    """Compare a registered name with a certificate's subject, RDN by RDN, from the first in RFC 4514 order.

    Args:
        registered: RFC 4514 text.
        certificate: the certificate.

    Returns:
        A line for each RDN that differs.
    """
    wanted, has = names.read_registered(registered), certificate.subject_attributes
    sides = zip_longest(
        reversed(list(zip(names.from_rdns(wanted).rdns, map(_written, wanted), strict=True))),
        reversed(list(zip(certificate.subject_name.rdns, (names.write((rdn,)) for rdn in has), strict=True))),
        fillvalue=(None, "nothing"),
    )
    return [
        f"RDN {number}: registered {ours}, certificate {theirs}"
        for number, ((key, ours), (other, theirs)) in enumerate(sides, 1)
        if key != other
    ]


def _written(rdn: names.Attributes) -> str:
    return "+".join(f"{SHORT_NAMES.get(oid, oid)}={value}" for oid, value in rdn)
