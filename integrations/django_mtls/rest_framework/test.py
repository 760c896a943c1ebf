"""REST framework's test client and request factory with a certificate.

A project's own tests use them; each request has the certificate.
"""

from rest_framework.test import APIClient, APIRequestFactory

from ..test import LoggingIn, Presenting


class CertificateAPIClient(LoggingIn, Presenting, APIClient):
    """REST framework's test client with a certificate at each request.

    ``CertificateAPIClient(pair).get("/accounts")``; the options are ``APIClient``'s.
    """


class CertificateAPIRequestFactory(Presenting, APIRequestFactory):
    """REST framework's request factory with a certificate at each request.

    ``CertificateAPIRequestFactory(pair).get("/accounts")``; the options are ``APIRequestFactory``'s.
    """
