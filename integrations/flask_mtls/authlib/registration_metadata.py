"""The metadata that a registration or update asks for, before Authlib reads it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc7591 import InvalidSoftwareStatementError

from wsgi_mtls import registration
from wsgi_mtls.errors import InvalidClientMetadata
from wsgi_mtls.x509 import Peer

from .errors import current_verifier
from .hardening.registration import invalid_metadata
from .mixin import Mixin
from .software_statements import SoftwareStatements


class RegistrationSettings(Mixin):
    """The common part of the registration of a client and its update.

    Attributes:
        software_statements: the issuers of accepted statements; None ignores statements (RFC 7591 section 2.3).
    """

    software_statements: SoftwareStatements | None = None

    def registration_client_uri(self, client: Any) -> str:
        """Return where the client finds its registration (RFC 7592 section 3).

        Override it.
        """
        raise NotImplementedError

    def extract_client_metadata(self, request: Any) -> dict[str, Any]:
        """Return what is registered: what was sent, and what the software statement has.

        Raises:
            OAuth2Error: If the metadata, or the software statement, are wrong.
        """
        given = read_object(request)
        names = [name for claims in self.claims_classes for name in claims.REGISTERED_CLAIMS]  # type: ignore[attr-defined]
        request.payload = Metadata(add_statement(given, self.software_statements, names))
        metadata: dict[str, Any] = super().extract_client_metadata(request)  # type: ignore[misc]
        if self.software_statements is not None and "software_statement" in given:
            metadata["software_statement"] = given["software_statement"]  # RFC 7591 section 3.2.1: unmodified
        return metadata


@dataclass(frozen=True, slots=True)
class Metadata:
    """The payload of a request, once it has been read.

    Attributes:
        data: the metadata.
    """

    data: dict[str, Any]


def read_object(request: Any) -> dict[str, Any]:
    """Return the body of a request, a JSON object.

    Raises:
        InvalidClientMetadataError: If it is not a JSON object.
    """
    data = request.payload.data
    if not isinstance(data, dict):
        raise invalid_metadata("Send a JSON object.")
    return data


def add_statement(
    given: Mapping[str, Any], statements: SoftwareStatements | None, names: Iterable[str]
) -> dict[str, Any]:
    """Return the metadata, overridden by the software statement's.

    RFC 7591 section 2.3 gives the statement precedence.

    Args:
        given: what the client sent.
        statements: the issuers of accepted statements; None ignores statements.
        names: the members that a statement may have; its other claims are not metadata.

    Raises:
        InvalidSoftwareStatementError: If the statement is not valid, or is missing and required.
        UnapprovedSoftwareStatementError: If it is another issuer's.
    """
    if statements is None:
        return dict(given)
    if "software_statement" not in given:
        if statements.required:
            raise InvalidSoftwareStatementError("Send a software_statement.")
        return dict(given)
    claims = statements.claims(given["software_statement"])
    known = set(names)
    # A condition that cannot be registered must not be dropped: its issuer relies on it (RFC 8705 section 2.1.2).
    signed = {name: claims[name] for name in claims if name in known or name.startswith("tls_client_auth_")}
    return {**given, **signed}


def check_possession(metadata: Mapping[str, Any], peer: Peer) -> None:
    """Check that a client of mutual TLS registers what its own certificate satisfies.

    Raises:
        InvalidClientMetadataError: If it does not.
    """
    try:
        registration.check_possession(metadata, peer, current_verifier())
    except InvalidClientMetadata as error:
        raise invalid_metadata(error.message) from None
