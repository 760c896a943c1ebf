"""Certificates: octets first, each part read when a decision asks."""

from .certificate import MAX_DER_SIZE, SUBJECT_KINDS, ClientCertificate, SubjectKind
from .parts import IPAddress
from .peer import Peer, PeerCertificate, PeerSubject, thumbprint, thumbprint_of

__all__ = [
    "MAX_DER_SIZE",
    "SUBJECT_KINDS",
    "ClientCertificate",
    "IPAddress",
    "Peer",
    "PeerCertificate",
    "PeerSubject",
    "SubjectKind",
    "thumbprint",
    "thumbprint_of",
]
