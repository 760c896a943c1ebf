"""An OAuth client: its ``client_id`` and its registered metadata.

The members are those of RFC 7591 section 2 and RFC 8705.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from types import MappingProxyType
from typing import Literal, get_args

from ..errors import InvalidClientMetadata, short
from ..jwks import RegisteredKeys, registered_keys
from ..urls import https_url
from ..x509 import SUBJECT_KINDS, ClientCertificate
from .issuers import read_issuers
from .subject import SubjectValue

AuthMethod = Literal["tls_client_auth", "self_signed_tls_client_auth"]
AUTH_METHODS: tuple[AuthMethod, ...] = get_args(AuthMethod)

_CLIENT_ID = re.compile(r"[\x20-\x7e]+")  # RFC 6749 appendix A.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered client, checked when it is made.

    One that could never authenticate is refused at once.

    Attributes:
        client_id: as registered, in printable ASCII (RFC 6749 appendix A.1); compared octet by octet.
        token_endpoint_auth_method: ``tls_client_auth`` (RFC 8705 section 2.1), ``self_signed_tls_client_auth``
            (section 2.2), another one of RFC 7591's, or None: then the certificate decides, as callbacks want it.
        tls_client_auth_subject_dn: the expected subject, RFC 4514. Exactly one of the five is given for PKI.
        tls_client_auth_san_dns: the expected dNSName.
        tls_client_auth_san_uri: the expected URI.
        tls_client_auth_san_ip: the expected IP address, in any textual form.
        tls_client_auth_san_email: the expected e-mail address.
        tls_client_auth_issuer: the CA that must have issued the certificate, for PKI: a text or several, each
            ``spki-sha256:`` or ``cert-sha256:`` and the base64url digest of the CA's key or certificate. Needs a trust
            store. Operators set it; clients do not register it.
        jwks: a JWK set whose keys carry the registered certificates as ``x5c`` (section 2.2.2). That of another
            method is kept and not read.
        jwks_uri: the https URL of such a set.
        tls_client_certificate_bound_access_tokens: whether this client's access tokens must be bound (section 3.4).
        metadata: all other registered members, kept and not interpreted.
        registered_certificates: the registered certificates without a ``jwks``, as callbacks return them.
        certificates: the registered certificates, from either; not to be given.
        skipped_keys: why keys of ``jwks`` register nothing, a sentence for each; not to be given.
        public_keys: the keys of those, as :attr:`~wsgi_mtls.ClientCertificate.lookup_key` has them; not to be given.
        whole_certificates: the same as ``certificates``, for a look-up; not to be given.
        subject_value: the one of the five, parsed; not to be given.
        uses_mutual_tls: whether this client is authenticated by its certificate; not to be given.

    Raises:
        InvalidClientMetadata: If the metadata contradict each other, or no certificate could satisfy them.
    """

    client_id: str
    token_endpoint_auth_method: str | None = "client_secret_basic"
    tls_client_auth_subject_dn: str | None = None
    tls_client_auth_san_dns: str | None = None
    tls_client_auth_san_uri: str | None = None
    tls_client_auth_san_ip: str | None = None
    tls_client_auth_san_email: str | None = None
    tls_client_auth_issuer: tuple[str, ...] = ()
    jwks: Mapping[str, object] | None = field(default=None, hash=False)
    jwks_uri: str | None = None
    tls_client_certificate_bound_access_tokens: bool = False
    metadata: Mapping[str, object] = field(default_factory=dict, hash=False)
    registered_certificates: tuple[ClientCertificate, ...] = ()
    certificates: tuple[ClientCertificate, ...] = field(init=False)
    skipped_keys: tuple[str, ...] = field(init=False, compare=False)
    public_keys: frozenset[bytes] = field(init=False, compare=False, repr=False)
    whole_certificates: frozenset[ClientCertificate] = field(init=False, compare=False, repr=False)
    subject_value: SubjectValue | None = field(init=False)
    uses_mutual_tls: bool = field(init=False, compare=False, repr=False)

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, object]) -> "Client":
        """Read registered metadata, such as those of a database row.

        A registration request or a settings file may also have them. A member that is None counts as absent, and so do
        a subject value, a ``jwks_uri`` and a ``jwks`` that are empty, as other servers export what is not registered.
        Without ``token_endpoint_auth_method`` the method is ``client_secret_basic`` (RFC 7591 section 2), so no mutual
        TLS.

        Raises:
            InvalidClientMetadata: If the metadata contradict each other, or no certificate could satisfy them.
        """
        if not isinstance(metadata, Mapping):
            raise InvalidClientMetadata(f"A client's metadata must be a mapping, not {type(metadata).__name__}.")
        given = {name: value for name, value in metadata.items() if value is not None and not _is_empty(name, value)}
        known = {name: given.pop(name) for name in _MEMBERS & given.keys()}
        if "client_id" not in known:
            raise InvalidClientMetadata("client_id is missing.")
        return cls(**known, metadata=given)  # type: ignore[arg-type]  # __post_init__ checks the types

    @property
    def warnings(self) -> tuple[str, ...]:
        """Registered values that are probably mistakes, a sentence for each."""
        by_name = self.subject_value.warning if self.subject_value is not None else None
        return (*self.skipped_keys, *([by_name] if by_name else []))

    def __post_init__(self) -> None:
        self._check_types()
        sources = {"jwks": self.jwks, "jwks_uri": self.jwks_uri, "certificates": self.registered_certificates or None}
        if len(given := [name for name, value in sources.items() if value is not None]) > 1:
            raise self._invalid(f"{' and '.join(given)} exclude each other (RFC 7591 section 2)")
        # A frozen dataclass is filled like this while it is made.
        object.__setattr__(self, "tls_client_auth_issuer", self._issuers())
        method = self.token_endpoint_auth_method
        object.__setattr__(self, "uses_mutual_tls", method is None or method in AUTH_METHODS)
        object.__setattr__(self, "metadata", MappingProxyType(dict(self.metadata)))
        object.__setattr__(self, "subject_value", self._one_subject_value())
        keys = self._registered_keys()
        object.__setattr__(self, "certificates", keys.certificates)
        object.__setattr__(self, "public_keys", frozenset(one.lookup_key for one in keys.certificates))
        object.__setattr__(self, "whole_certificates", frozenset(keys.certificates))
        object.__setattr__(self, "skipped_keys", keys.skipped)
        self._check_members()
        self._check_method()

    def __reduce__(self) -> tuple[object, ...]:
        given = {member.name: getattr(self, member.name) for member in fields(self) if member.init}
        # A mapping proxy can neither be pickled nor be copied.
        return _made_again, (type(self), given | {"metadata": dict(self.metadata)})

    def _check_method(self) -> None:
        method, has_keys = self.token_endpoint_auth_method, bool(self.certificates or self.jwks_uri)
        if method == "tls_client_auth" and self.subject_value is None:
            raise self._invalid(f"tls_client_auth needs one of {', '.join(SUBJECT_KINDS)}; none is given")
        if method == "self_signed_tls_client_auth" and not has_keys:
            skipped = "".join(f". {reason}" for reason in self.skipped_keys)
            raise self._invalid(
                f"self_signed_tls_client_auth needs a jwks whose keys carry x5c, or a jwks_uri{skipped}"
            )
        if method is None and self.subject_value is not None and has_keys:
            raise self._invalid(
                "a subject value and certificates, but no token_endpoint_auth_method, so that the caller would choose "
                "how strictly it is judged: register one of them, or the method"
            )

    def _check_types(self) -> None:
        if not isinstance(self.client_id, str) or not _CLIENT_ID.fullmatch(self.client_id):
            raise InvalidClientMetadata(
                f"client_id must be printable ASCII and not empty (RFC 6749 appendix A.1), not {self.client_id!r}."
            )
        method = self.token_endpoint_auth_method
        if method is not None and not (isinstance(method, str) and method and method.isprintable()):
            raise self._invalid(
                f"token_endpoint_auth_method must be a text without control characters, not {method!r}: name the "
                "method, or leave the member out for client_secret_basic"
            )
        try:
            if self.jwks_uri is not None:
                https_url(self.jwks_uri)
        except ValueError as error:
            raise self._invalid(f"jwks_uri must be an https URL (RFC 7591 section 2): {error}") from None
        if not isinstance(self.tls_client_certificate_bound_access_tokens, bool):
            raise self._invalid("tls_client_certificate_bound_access_tokens must be true or false")

    def _registered_keys(self) -> RegisteredKeys:
        # Another method's keys sign or encrypt, and their certificates are of no concern here.
        if self.jwks is None or self.token_endpoint_auth_method not in (None, "self_signed_tls_client_auth"):
            return RegisteredKeys(self.registered_certificates)
        try:
            return registered_keys(self.jwks)
        except InvalidClientMetadata as error:
            raise self._invalid(str(error)) from None

    def _one_subject_value(self) -> SubjectValue | None:
        given = {kind: value for kind in SUBJECT_KINDS if (value := getattr(self, kind)) is not None}
        if len(given) > 1:
            raise self._invalid(f"only one subject value may be registered, here are {' and '.join(given)}")
        for kind, value in given.items():
            try:
                return SubjectValue.parse(kind, value)
            except InvalidClientMetadata as error:
                raise self._invalid(str(error)) from None
        return None

    def _check_members(self) -> None:
        # A condition that is misspelt, or that this version does not know, must not be ignored.
        conditions = (
            ("tls_client_auth_", "tls_client_certificate_") if self.uses_mutual_tls else "tls_client_certificate_"
        )
        unknown = sorted(name for name in map(str, self.metadata) if name.startswith(conditions))
        if unknown:
            near = get_close_matches(unknown[0], _MEMBERS, 1)
            meant = f"; did you mean {near[0]}?" if near else ": remove it, or correct its name"
            raise self._invalid(f"{short(unknown[0])} is not a member that is known here{meant}")

    def _issuers(self) -> tuple[str, ...]:
        try:
            issuers = read_issuers(self.tls_client_auth_issuer)
        except ValueError as error:
            raise self._invalid(str(error)) from None
        if issuers and self.token_endpoint_auth_method not in (None, "tls_client_auth"):
            raise self._invalid("tls_client_auth_issuer is for tls_client_auth")
        return issuers

    def _invalid(self, problem: str) -> InvalidClientMetadata:
        end = "" if problem.endswith(("?", ".")) else "."
        return InvalidClientMetadata(f"Client {self.client_id!r}: {problem}{end}")


def _made_again(kind: type[Client], given: Mapping[str, object]) -> Client:
    return kind(**given)  # type: ignore[arg-type]  # __post_init__ checks the types


def _is_empty(name: str, value: object) -> bool:
    """Return whether an empty value means that the member is not registered.

    Only where nothing is widened by that: an empty pin, method or boolean is an error.
    """
    return (name == "jwks" and value == {}) or (name in _MAY_BE_EMPTY and value == "")


_MAY_BE_EMPTY = frozenset({"jwks", "jwks_uri", *SUBJECT_KINDS})
_MEMBERS = frozenset(member.name for member in fields(Client) if member.init) - {"metadata", "registered_certificates"}
