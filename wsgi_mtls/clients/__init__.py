"""OAuth clients: their metadata, and a registry per kind of store."""

from ..x509 import SUBJECT_KINDS, SubjectKind
from .authenticated import AuthenticatedClient
from .callback import CallbackRegistry
from .client import AUTH_METHODS, AuthMethod, Client
from .file import load_clients
from .issuers import read_issuers
from .known import KnownClients
from .mapping import MappingRegistry
from .published import LastFetch, PublishedKeySets
from .registry import CertificateRegistry, ClientRegistry, HolderRegistry, SelfSignedRegistry, SightingRegistry
from .subject import SubjectValue, subject_keys

__all__ = [
    "AUTH_METHODS",
    "SUBJECT_KINDS",
    "AuthMethod",
    "AuthenticatedClient",
    "CallbackRegistry",
    "CertificateRegistry",
    "Client",
    "ClientRegistry",
    "HolderRegistry",
    "KnownClients",
    "LastFetch",
    "MappingRegistry",
    "PublishedKeySets",
    "SelfSignedRegistry",
    "SightingRegistry",
    "SubjectKind",
    "SubjectValue",
    "load_clients",
    "read_issuers",
    "subject_keys",
]
