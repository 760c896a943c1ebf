"""Errors of the authorization endpoint without the issuer that metadata promise.

With ``COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS`` metadata promise ``iss`` in each answer. OAuth Toolkit adds it to
answers with a code alone, so a client that follows RFC 9207 section 2.4 rejects each error as a mix-up attack, and does
not learn what was wrong.

Needed up to OAuth Toolkit 3.4, the newest release.
"""

from typing import Any
from urllib.parse import urlencode, urlsplit

from django.http import HttpResponseBase
from oauth2_provider import views as toolkit
from oauth2_provider.settings import oauth2_settings


class AuthorizationView(toolkit.AuthorizationView):  # type: ignore[misc]  # OAuth Toolkit has no types
    """The authorization endpoint."""

    def redirect(self, redirect_to: str, application: Any) -> HttpResponseBase:
        """Send the browser back to the client, with the issuer."""
        # Releases before 3.4 have no such setting, and promise nothing.
        if getattr(oauth2_settings, "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS", False):
            issuer = oauth2_settings.oauth2_authorization_server_issuer(self.request)
            redirect_to = with_issuer(redirect_to, issuer)
        answer: HttpResponseBase = super().redirect(redirect_to, application)
        return answer


def with_issuer(uri: str, issuer: str) -> str:
    """Return the URI of an answer with one ``iss``.

    It is in the fragment if the answer is.
    """
    parts = urlsplit(uri)
    place = "fragment" if parts.fragment else "query"
    query, fragment = _without_issuer(parts.query), _without_issuer(parts.fragment)
    parts = parts._replace(query="&".join(query), fragment="&".join(fragment))
    given = [*(fragment if place == "fragment" else query), urlencode({"iss": issuer})]
    return parts._replace(**{place: "&".join(given)}).geturl()


def _without_issuer(parameters: str) -> list[str]:
    return [pair for pair in parameters.split("&") if pair and pair.partition("=")[0] != "iss"]
