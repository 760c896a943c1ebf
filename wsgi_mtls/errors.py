"""The six families of errors.

The table of the reasons for them, :data:`REASONS`, is in :mod:`wsgi_mtls.reasons`. Catch a family, and compare
``error.reason`` where one reason matters. Callers see the message only at verbosity ``debug``. What names settings,
proxies or what is registered is advice, which only the operator sees, in the log.
"""

from collections.abc import Callable
from typing import ClassVar, Literal

from .reasons import REASONS as REASONS

Evidence = str | tuple[str, ...] | None
"""A value that a rule compared, or several."""


class MutualTLSError(Exception):
    """Base of all errors that this package raises on purpose.

    Attributes:
        reason: why, in stable snake_case: ``no_certificate``, ``subject_mismatch``, … (see :data:`REASONS`).
        error: the OAuth error code that the caller gets; empty where it gets none.
        status: the HTTP status code of the answer.
        expected: what the rule expected, where it compared something.
        found: what the request had instead.
        advice: what to change, for the operator alone: a text, or a function that makes one when it is logged.
        reported: whether an event was reported for it, so that raising it again in the same request is not another one.
        scheme: of HTTP authentication, in the challenge to a refused access token: that of the request.
        parameters: what the challenge has besides ``realm``, ``scope`` and ``error``, by name.
    """

    default_reason: ClassVar[str] = "refused_client"

    def __init__(
        self,
        message: str = "",
        *,
        reason: str | None = None,
        expected: Evidence = None,
        found: Evidence = None,
        advice: str | Callable[[], str] = "",
    ) -> None:
        """Look up the error code and the status in the table.

        Args:
            message: what was expected, what came, and what the client can do; the reason's text if it is empty.
            reason: one of the table, or an application's own, which has the code and the status of the family.
            expected: what the rule expected.
            found: what the request had instead; long texts are cut.
            advice: what the operator can do.
        """
        self.reason = reason or self.default_reason
        entry = REASONS.get(self.reason) or REASONS[self.default_reason]
        super().__init__(message or entry.text)
        self.error, self.status = entry.error, entry.status
        self.expected, self.found = _cut(expected), _cut(found)
        self.advice = advice
        self.reported = False
        self.scheme: Literal["Bearer", "DPoP"] = "Bearer"
        self.parameters: dict[str, str] = {}

    @property
    def message(self) -> str:
        """The message, in which long texts from a caller are cut.

        The caller sees it at verbosity ``debug``.
        """
        return short(str(self), 1000)

    @property
    def detail(self) -> str:
        """The message and the advice, for the operator only.

        The advice may name settings, proxies and what is registered.
        """
        try:
            advice = self.advice if isinstance(self.advice, str) else self.advice()
        except MutualTLSError:  # a part of the certificate that the text would have is unreadable
            advice = ""
        return f"{self.message} {short(advice, 2000)}".rstrip()


class NoCertificate(MutualTLSError):
    """The certificate that the decision needs did not come (RFC 8705 section 2)."""

    default_reason = "no_certificate"


class BadCertificate(MutualTLSError, ValueError):
    """The certificate is malformed, or refused for every client.

    This includes what a terminator forwards of the certificate.
    """

    default_reason = "malformed_certificate"


class UntrustedPath(BadCertificate):
    """The application's own trust store finds no valid path for the certificate.

    RFC 5280 section 6 defines a valid path.
    """

    default_reason = "chain_invalid"


class RefusedClient(MutualTLSError):
    """The client, or the user, may not authenticate with this certificate."""

    default_reason = "refused_client"


class InvalidToken(MutualTLSError):
    """The access token is refused (RFC 6750 section 3.1).

    It is refused for this request or for all.
    """

    default_reason = "invalid_token"


class InvalidRequest(MutualTLSError):
    """The request is wrong, or its grant, whatever the client (RFC 6749 section 5.2)."""

    default_reason = "invalid_request"


class InvalidMetadata(MutualTLSError, ValueError):
    """The configuration of a client or of the server can never work.

    It may also contradict itself.
    """

    default_reason = "invalid_client_metadata"


class InvalidClientMetadata(InvalidMetadata):
    """Registered metadata that no certificate can satisfy.

    They may also contradict each other (RFC 8705 section 2.1.2). At the registration endpoint this is RFC 7591's
    ``invalid_client_metadata``; a client that turns out to be so while a request is served never authenticates.
    """


class InvalidServerMetadata(InvalidMetadata):
    """Metadata that no server may publish.

    The rules are in RFC 8414, RFC 9728, and RFC 8705 sections 3.3 and 5.
    """

    default_reason = "invalid_server_metadata"


def short(text: str, length: int = 200) -> str:
    """Cut a text that a caller may have made very long.

    The limit is in characters; an ellipsis marks the cut.
    """
    return text if len(text) <= length else f"{text[:length]}…"


def quoted(text: str, length: int = 200) -> str:
    """Quote what a stranger wrote: cut, with unsafe characters escaped.

    Unsafe are control, line and bidi characters.
    """
    return repr(short(text, length))


def printable(text: str) -> str:
    """Return a sentence that quotes a stranger, with unsafe characters escaped.

    Unsafe are control, line and bidi characters.
    """
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _cut(value: Evidence) -> Evidence:
    if isinstance(value, str):
        return short(value)
    return None if value is None else tuple(short(item) for item in value[:20])
