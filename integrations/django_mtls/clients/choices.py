"""The values that the members of a registration may have."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Method(models.TextChoices):
    """``token_endpoint_auth_method`` (RFC 7591 section 2, RFC 8705 section 2)."""

    TLS_CLIENT_AUTH = "tls_client_auth", _("PKI: a certificate from a CA (tls_client_auth)")
    SELF_SIGNED = "self_signed_tls_client_auth", _("registered certificate (self_signed_tls_client_auth)")
    PRIVATE_KEY_JWT = "private_key_jwt", "private_key_jwt"
    CLIENT_SECRET_BASIC = "client_secret_basic", "client_secret_basic"
    CLIENT_SECRET_POST = "client_secret_post", "client_secret_post"
    CLIENT_SECRET_JWT = "client_secret_jwt", "client_secret_jwt"
    NONE = "none", _("none (a public client)")


class SubjectKindChoice(models.TextChoices):
    """Which of the five names is registered (RFC 8705 section 2.1.2)."""

    SUBJECT_DN = "tls_client_auth_subject_dn", _("subject DN")
    SAN_DNS = "tls_client_auth_san_dns", _("DNS name")
    SAN_URI = "tls_client_auth_san_uri", _("URI")
    SAN_IP = "tls_client_auth_san_ip", _("IP address")
    SAN_EMAIL = "tls_client_auth_san_email", _("e-mail address")
