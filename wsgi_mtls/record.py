"""The record of one request.

The guard writes it; adapters and applications read it.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .errors import MutualTLSError
from .x509 import Peer

if TYPE_CHECKING:
    from .clients import AuthenticatedClient
    from .rules.token import BoundToken


@dataclass(slots=True, eq=False)
class Record:
    """The record of one request.

    It holds values only, so it can be pickled with a request.

    Attributes:
        asked: whether the certificate source has been asked.
        peer: what the client presented; None without a certificate, or with the cause in ``refusal``.
        refusal: why what the terminator delivered cannot be used as a certificate.
        client: the OAuth client that its certificate authenticated (RFC 8705 section 2).
        left: whether the client was left to the application, since it is registered for another method.
        identified: the registered client that the certificate alone identified, without a ``client_id``.
        token: the access token that was accepted (RFC 8705 section 3).
        reported: the reasons already reported why the certificate is not accepted, so that a second decision about it
            reports none of them again.
        private: whether the answer depends on the certificate or the token, so that no shared cache may keep it.
    """

    asked: bool = False
    peer: Peer | None = None
    refusal: MutualTLSError | None = None
    client: "AuthenticatedClient | None" = None
    left: bool = False
    identified: "AuthenticatedClient | None" = None
    token: "BoundToken | None" = None
    reported: set[str] = field(default_factory=set)
    private: bool = False
