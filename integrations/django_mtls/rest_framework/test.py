"""For a project's own tests: REST framework's client and request factory, with a certificate at each request."""

from rest_framework.test import APIClient, APIRequestFactory

from ..test import LoggingIn, Presenting


class CertificateAPIClient(LoggingIn, Presenting, APIClient):
    """``CertificateAPIClient(pair).get("/accounts")``; the options are ``APIClient``'s."""


class CertificateAPIRequestFactory(Presenting, APIRequestFactory):
    """``CertificateAPIRequestFactory(pair).get("/accounts")``; the options are ``APIRequestFactory``'s."""
