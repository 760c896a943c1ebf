"""OAuth clients: their metadata, and a registry per kind of store."""

from ..x509 import SUBJECT_KINDS, SubjectKind
from .callback import CallbackRegistry
from .client import AUTH_METHODS, AuthMethod, Client
from .file import load_clients
from .mapping import MappingRegistry
from .registry import (
    CertificateRegistry,
    ClientRegistry,
    PublishedKeySets,
    SelfSignedRegistry,
    SightingRegistry,
    has_self_signed,
    is_self_signed_with,
)
from .subject import SubjectValue, subject_keys

__all__ = [
    "AUTH_METHODS",
    "SUBJECT_KINDS",
    "AuthMethod",
    "CallbackRegistry",
    "CertificateRegistry",
    "Client",
    "ClientRegistry",
    "MappingRegistry",
    "PublishedKeySets",
    "SelfSignedRegistry",
    "SightingRegistry",
    "SubjectKind",
    "SubjectValue",
    "has_self_signed",
    "is_self_signed_with",
    "load_clients",
    "subject_keys",
]
