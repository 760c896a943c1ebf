"""Client authentication that Authlib answers with a 500, or accepts wrongly.

It accepts a method that the request contradicts. ``Authorization`` with octets that are not ASCII is a ``ValueError``,
an assertion with the header ``{"alg": "HS256", "crit": 1}`` a ``TypeError``. A public client is accepted with an
``Authorization`` header that failed, and a secret in the header with another ``client_id`` in the body (RFC 6749
section 2.3).

Needed up to Authlib 1.9, the newest release. Up to 1.8, where ``none`` is listed, Authlib also takes the bare
``client_id`` of any client off the token endpoint.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from authlib.oauth2.rfc6749 import InvalidClientError
from flask import request

from wsgi_mtls.clients import Client
from wsgi_mtls.errors import InvalidRequest, MutualTLSError, RefusedClient


@contextmanager
def reading_credentials() -> Iterator[None]:
    """Refuse what Authlib's methods cannot read.

    Raises:
        MutualTLSError: If no method accepts the client.
    """
    try:
        yield
    except MutualTLSError:  # of an application's own method; some are a ValueError
        raise
    except ValueError:  # what Authlib makes of an Authorization that is not ASCII
        raise InvalidRequest("Authorization can't be read.", reason="malformed_authorization") from None
    except InvalidClientError as error:
        raise RefusedClient(
            f"No method of this endpoint accepts the client: {error.description}", reason="other_method_failed"
        ) from error
    except (TypeError, AttributeError) as error:  # what joserfc makes of an assertion's header {"crit": 1}
        raise RefusedClient(f"The client's assertion can't be read: {error}", reason="other_method_failed") from error


def refuse_contradictions(client: Client, used: str) -> None:
    """Reject a request that contradicts its client's authentication method.

    The method is the one by which Authlib accepted the client.

    Raises:
        MutualTLSError: If a confidential client proved nothing, or the request names or proves another client.
    """
    if used == "none" and client.token_endpoint_auth_method != "none":
        raise RefusedClient(
            f"Client {client.client_id!r} authenticated by nothing; it is not public.",
            reason="auth_method_not_registered",
        )
    if used == "none" and "Authorization" in request.headers:
        raise InvalidRequest(
            f"Client {client.client_id!r} is public and sent Authorization: leave it out.",
            reason="multiple_credentials",
        )
    if request.form.get("client_id", client.client_id) != client.client_id:
        raise InvalidRequest(
            f"Client {client.client_id!r} authenticated, and the body names another client_id.",
            reason="multiple_credentials",
        )
