"""An OAuth client: its ``client_id`` and its registered metadata (RFC 7591 section 2, RFC 8705)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Literal, get_args

from ..certificate import SUBJECT_KINDS, ClientCertificate
from ..errors import InvalidClientMetadata
from ..jwks import registered_certificates
from .subject import SubjectValue

AuthMethod = Literal["tls_client_auth", "self_signed_tls_client_auth"]
AUTH_METHODS: tuple[AuthMethod, ...] = get_args(AuthMethod)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered client. Making one checks it, so that one which could never authenticate is refused at once.

    Attributes:
        client_id: as registered; compared octet by octet.
        token_endpoint_auth_method: ``tls_client_auth`` (RFC 8705 section 2.1), ``self_signed_tls_client_auth``
            (section 2.2), another one of RFC 7591's, or None: then the certificate decides, as callbacks want it.
        tls_client_auth_subject_dn: the expected subject, RFC 4514. Exactly one of the five is given for PKI.
        tls_client_auth_san_dns: the expected dNSName.
        tls_client_auth_san_uri: the expected URI.
        tls_client_auth_san_ip: the expected IP address, in any textual form.
        tls_client_auth_san_email: the expected e-mail address.
        jwks: a JWK set whose keys carry the registered certificates as ``x5c`` (section 2.2.2).
        jwks_uri: where such a set is to be fetched.
        tls_client_certificate_bound_access_tokens: whether this client's access tokens must be bound (section 3.4).
        metadata: all other registered members, kept and not interpreted.
        certificates: the registered certificates, read from ``jwks`` unless given.
        subject_value: the one of the five, parsed; or given instead of it.

    Raises:
        InvalidClientMetadata: the metadata contradict each other, or no certificate could satisfy them.
    """

    client_id: str
    token_endpoint_auth_method: str | None = "client_secret_basic"
    tls_client_auth_subject_dn: str | None = None
    tls_client_auth_san_dns: str | None = None
    tls_client_auth_san_uri: str | None = None
    tls_client_auth_san_ip: str | None = None
    tls_client_auth_san_email: str | None = None
    jwks: Mapping[str, object] | None = field(default=None, hash=False)
    jwks_uri: str | None = None
    tls_client_certificate_bound_access_tokens: bool = False
    metadata: Mapping[str, object] = field(default_factory=dict, hash=False)
    certificates: tuple[ClientCertificate, ...] = ()
    subject_value: SubjectValue | None = None

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, object]) -> "Client":
        """Read registered metadata, as from a registration request, a database row or a settings file.

        A member that is None counts as absent. Without ``token_endpoint_auth_method`` the method is
        ``client_secret_basic`` (RFC 7591 section 2), so no mutual TLS.

        Raises:
            InvalidClientMetadata: as the class.
        """
        given = {name: value for name, value in metadata.items() if value is not None}
        known = {name: given.pop(name) for name in _MEMBERS & given.keys()}
        if "client_id" not in known:
            raise InvalidClientMetadata("client_id is missing.")
        return cls(**known, metadata=MappingProxyType(given))  # type: ignore[arg-type]  # __post_init__ checks the types

    @property
    def uses_mutual_tls(self) -> bool:
        """Whether this client is authenticated by its certificate."""
        return self.token_endpoint_auth_method is None or self.token_endpoint_auth_method in AUTH_METHODS

    def __post_init__(self) -> None:
        self._check_types()
        if self.jwks is not None and self.jwks_uri is not None:
            raise self._invalid("jwks and jwks_uri exclude each other (RFC 7591 section 2)")
        # A frozen dataclass is filled like this while it is made.
        object.__setattr__(self, "subject_value", self._one_subject_value())
        if self.jwks is not None and not self.certificates:
            object.__setattr__(self, "certificates", registered_certificates(self.jwks))
        if self.token_endpoint_auth_method == "tls_client_auth" and self.subject_value is None:
            raise self._invalid(f"tls_client_auth needs one of {', '.join(SUBJECT_KINDS)}; none is given")
        if self.token_endpoint_auth_method == "self_signed_tls_client_auth" and not (
            self.certificates or self.jwks_uri
        ):
            raise self._invalid("self_signed_tls_client_auth needs a jwks whose keys carry x5c, or a jwks_uri")

    def _check_types(self) -> None:
        if not isinstance(self.client_id, str) or not self.client_id:
            raise InvalidClientMetadata("client_id must be a text that is not empty.")
        method = self.token_endpoint_auth_method
        if method is not None and not (isinstance(method, str) and method.isprintable()):
            raise self._invalid("token_endpoint_auth_method must be a text without control characters")
        if not isinstance(self.jwks_uri, str | None):
            raise self._invalid("jwks_uri must be a text")
        if not isinstance(self.tls_client_certificate_bound_access_tokens, bool):
            raise self._invalid("tls_client_certificate_bound_access_tokens must be true or false")

    def _one_subject_value(self) -> SubjectValue | None:
        given = {kind: value for kind in SUBJECT_KINDS if (value := getattr(self, kind)) is not None}
        if self.subject_value is not None:
            given.setdefault(self.subject_value.kind, self.subject_value.value)
        if len(given) > 1:
            raise self._invalid(f"only one subject value may be registered, here are {' and '.join(given)}")
        for kind, value in given.items():
            return SubjectValue.parse(kind, value)
        return None

    def _invalid(self, problem: str) -> InvalidClientMetadata:
        return InvalidClientMetadata(f"Client {self.client_id!r}: {problem}.")


_MEMBERS = frozenset(f.name for f in fields(Client)) - {"metadata", "certificates", "subject_value"}
