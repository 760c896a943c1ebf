"""The extensions of a certificate (RFC 5280 section 4.2).

Some are read, and some must be understood.
"""

from collections.abc import Callable, Collection
from functools import partial

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier
from cryptography.x509.oid import ExtensionOID

from ..errors import BadCertificate
from . import structure

_BASIC_CONSTRAINTS = ExtensionOID.BASIC_CONSTRAINTS
_KEY_USAGE = ExtensionOID.KEY_USAGE
_EXTENDED_KEY_USAGE = ExtensionOID.EXTENDED_KEY_USAGE
_SUBJECT_ALTERNATIVE_NAME = ExtensionOID.SUBJECT_ALTERNATIVE_NAME

# The validation of a chain processes these, and the certificate counts for PKI only where the terminator did so.
_OF_THE_CHAIN = frozenset(
    (
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
        ExtensionOID.INHIBIT_ANY_POLICY,
        ExtensionOID.ISSUER_ALTERNATIVE_NAME,
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.POLICY_CONSTRAINTS,
        ExtensionOID.POLICY_MAPPINGS,
    )
)


class Extensions:
    """The extensions of one certificate.

    Args:
        found: each, its value undecoded.
    """

    def __init__(self, found: Collection[structure.Extension]) -> None:
        self._found = found
        self._values = {one.extn_id: one.extn_value for one in found}

    def check(self) -> frozenset[str] | None:
        """Check all extensions that PKI must understand; return the key purposes.

        The registered name does not matter. :meth:`key_purposes` describes what is returned.

        Raises:
            BadCertificate: ``critical_extension``: If one is critical and unknown.
            BadCertificate: ``certificate_unreadable``: If basic constraints, key usage or extended key usage, or a
                critical subject alternative name, can't be read, or is there twice.
        """
        purposes = None
        for one in self._found:
            oid = one.extn_id
            if one.critical and oid not in _KNOWN:
                raise BadCertificate(
                    f"The certificate has the critical extension {oid.dotted_string}, which is not processed here: "
                    "have one issued without it, or not critical.",
                    reason="critical_extension",
                )
            if oid == _EXTENDED_KEY_USAGE:
                purposes = self.key_purposes()
            elif oid in _ALWAYS_READ or (one.critical and oid in _READERS):
                self._value(oid)
        return purposes

    def key_purposes(self) -> frozenset[str] | None:
        """Return the OIDs of the extended key usage, or None without it.

        They are in dotted form.

        Raises:
            BadCertificate: ``certificate_unreadable``: If it can't be read, or is there twice.
        """
        found = self._value(_EXTENDED_KEY_USAGE)
        if not isinstance(found, structure.KeyPurposes):
            return None
        return frozenset(oid.dotted_string for oid in found.items)

    def general_names(self) -> tuple[asn1.TLV, ...]:
        """Return the entries of the subject alternative name, none without the extension.

        Raises:
            BadCertificate: ``certificate_unreadable``: If it can't be read, or is there twice.
        """
        found = self._value(_SUBJECT_ALTERNATIVE_NAME)
        return tuple(found.items) if isinstance(found, structure.GeneralNames) else ()

    def _value(self, wanted: ObjectIdentifier) -> object:
        value = self._values.get(wanted)
        if value is None:
            return None
        name, read = _READERS[wanted]
        count = 1 if len(self._values) == len(self._found) else sum(one.extn_id == wanted for one in self._found)
        if count > 1:
            raise BadCertificate(
                f"The certificate has {name} {count} times: have it issued with one.",
                reason="certificate_unreadable",
            )
        try:
            return read(value)
        except ValueError as error:
            raise BadCertificate(
                f"The certificate's {name} can't be read ({error}): have it issued anew without the fault.",
                reason="certificate_unreadable",
            ) from None


_READERS: dict[ObjectIdentifier, tuple[str, Callable[[bytes], object]]] = {
    _BASIC_CONSTRAINTS: ("basic constraints", partial(structure.decode, structure.BasicConstraints)),
    _KEY_USAGE: ("key usage", partial(structure.decode, asn1.BitString)),
    _EXTENDED_KEY_USAGE: ("extended key usage", partial(structure.decode_list, structure.KeyPurposes)),
    _SUBJECT_ALTERNATIVE_NAME: ("subject alternative name", partial(structure.decode_list, structure.GeneralNames)),
}
_ALWAYS_READ = frozenset({_BASIC_CONSTRAINTS, _KEY_USAGE})  # and the extended key usage
_KNOWN = _READERS.keys() | _OF_THE_CHAIN
