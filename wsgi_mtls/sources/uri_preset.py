"""The preset of meshes that forward a certificate's URI and hash.

They do not forward the certificate.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Unpack

from ..errors import BadCertificate
from ..x509 import PeerSubject, thumbprint
from .encodings import SIZE_LIMIT
from .header_preset import Options
from .preset import Preset
from .proxies import TrustedProxies
from .status import Verification
from .subject_header import UriHeader
from .xfcc import uri_and_hash


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class UriPreset(Preset):
    """A mesh that forwards URI and hash in XFCC.

    Attributes:
        certificate_header: the header, by default.
    """

    certificate_header: str

    @property
    def options(self) -> Mapping[str, bool]:
        """The options, each with whether it must be given."""
        return {
            "certificate_header": False,
            "terminator_verifies": False,
            "trusted_proxies": True,
            "secret": False,
            "underscores_dropped": False,
        }

    def __call__(self, **options: Unpack[Options]) -> UriHeader:
        """Make the source.

        Raises:
            ValueError: If an option is unknown, missing, or has a value that it cannot have.
        """
        given = self.checked(options)
        header = given.get("certificate_header", self.certificate_header)
        verified = Verification.of(given.get("terminator_verifies", False)).always
        return UriHeader(
            _Reader(header, verified, self.name).read,
            (header,),
            proxies=TrustedProxies(given["trusted_proxies"], given.get("secret")),
            underscores_dropped=given.get("underscores_dropped", False),
            label=self.name,
            can_verify=verified,
        )

    def cells(self) -> tuple[str, str, str, str]:
        """Return the cells of the documentation's table: header, encoding and so on.

        The others are chain and verification.
        """
        return f"`{self.certificate_header}`", "XFCC: URI and hash, no certificate", "no", "you say"


@dataclass(frozen=True, slots=True)
class _Reader:
    header: str
    verified: bool
    label: str

    def read(self, came: Mapping[str, str]) -> PeerSubject | None:
        """Read the header of a trusted proxy."""
        text = came.get(self.header)
        if text is None:
            return None
        if len(text) > SIZE_LIMIT:
            raise BadCertificate(f"{self.header} is longer than {SIZE_LIMIT} characters.")
        uri, sha256 = uri_and_hash(text)
        return PeerSubject(
            "tls_client_auth_san_uri",
            () if uri is None else (uri,),
            self.verified,
            self.label,
            None if sha256 is None else thumbprint(bytes.fromhex(sha256)),
        )
