"""The tables of the first release."""

# ruff: noqa: RUF012
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from oauth2_provider.settings import oauth2_settings


class Migration(migrations.Migration):
    """The registrations of applications, and what tokens are bound to."""

    initial = True

    dependencies = [
        ("django_mtls", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        migrations.swappable_dependency(oauth2_settings.APPLICATION_MODEL),
        migrations.swappable_dependency(oauth2_settings.ACCESS_TOKEN_MODEL),
        migrations.swappable_dependency(oauth2_settings.REFRESH_TOKEN_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AccessTokenConfirmation",
            fields=[
                ("claims", models.JSONField()),
                (
                    "token",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="mtls_confirmation",
                        serialize=False,
                        to=oauth2_settings.ACCESS_TOKEN_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "confirmation of an access token",
            },
        ),
        migrations.CreateModel(
            name="RefreshTokenConfirmation",
            fields=[
                ("claims", models.JSONField()),
                (
                    "token",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="mtls_confirmation",
                        serialize=False,
                        to=oauth2_settings.REFRESH_TOKEN_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "confirmation of a refresh token",
            },
        ),
        migrations.CreateModel(
            name="RegistrationAccess",
            fields=[
                (
                    "application",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="mtls_registration_access",
                        serialize=False,
                        to=oauth2_settings.APPLICATION_MODEL,
                    ),
                ),
                ("token_hash", models.CharField(max_length=64)),
                ("expires", models.DateTimeField(null=True)),
                ("by_certificate", models.BooleanField(default=False)),
            ],
            options={
                "verbose_name": "access to a registration",
            },
        ),
        migrations.CreateModel(
            name="RedeemedCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code_checksum", models.CharField(max_length=64, unique=True)),
                (
                    "access_token",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mtls_redeemed_code",
                        to=oauth2_settings.ACCESS_TOKEN_MODEL,
                    ),
                ),
                (
                    "refresh_token",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mtls_redeemed_code",
                        to=oauth2_settings.REFRESH_TOKEN_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "redeemed code",
            },
        ),
        migrations.CreateModel(
            name="ApplicationRegistration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "token_endpoint_auth_method",
                    models.CharField(
                        choices=[
                            ("tls_client_auth", "PKI: a certificate from a CA (tls_client_auth)"),
                            ("self_signed_tls_client_auth", "registered certificate (self_signed_tls_client_auth)"),
                            ("private_key_jwt", "private_key_jwt"),
                            ("client_secret_basic", "client_secret_basic"),
                            ("client_secret_post", "client_secret_post"),
                            ("client_secret_jwt", "client_secret_jwt"),
                            ("none", "none (a public client)"),
                        ],
                        default="tls_client_auth",
                        max_length=64,
                        verbose_name="authentication method",
                    ),
                ),
                (
                    "subject_kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("tls_client_auth_subject_dn", "subject DN"),
                            ("tls_client_auth_san_dns", "DNS name"),
                            ("tls_client_auth_san_uri", "URI"),
                            ("tls_client_auth_san_ip", "IP address"),
                            ("tls_client_auth_san_email", "e-mail address"),
                        ],
                        max_length=32,
                        verbose_name="subject value's kind",
                    ),
                ),
                (
                    "subject_value",
                    models.TextField(
                        blank=True,
                        help_text="The one name that a certificate from a CA must carry.",
                        verbose_name="subject value",
                    ),
                ),
                (
                    "jwks",
                    models.JSONField(
                        blank=True,
                        help_text="The registered certificates, as x5c (RFC 8705 section 2.2.2).",
                        null=True,
                        verbose_name="JWK set",
                    ),
                ),
                (
                    "jwks_uri",
                    models.CharField(
                        blank=True,
                        max_length=2000,
                        validators=[django.core.validators.URLValidator(schemes=["https"])],
                        verbose_name="JWK set's address",
                    ),
                ),
                (
                    "tls_client_certificate_bound_access_tokens",
                    models.BooleanField(
                        default=False,
                        help_text="Issue this client bound tokens only.",
                        verbose_name="certificate-bound access tokens",
                    ),
                ),
                (
                    "metadata",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Other members of RFC 7591, kept as they are.",
                        verbose_name="other metadata",
                    ),
                ),
                ("enabled", models.BooleanField(default=True, verbose_name="enabled")),
                ("created", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("last_seen", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="last seen")),
                ("certificate_der", models.BinaryField(blank=True, null=True, verbose_name="certificate")),
                (
                    "certificate_expires",
                    models.DateTimeField(blank=True, db_index=True, editable=False, null=True, verbose_name="expires"),
                ),
                (
                    "application",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mtls_registration",
                        to=oauth2_settings.APPLICATION_MODEL,
                        verbose_name="application",
                    ),
                ),
                (
                    "saved_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="saved by",
                    ),
                ),
                ("search_keys", models.ManyToManyField(editable=False, related_name="+", to="django_mtls.searchkey")),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        help_text=(
                            "The user who logs in with this certificate. You can choose a user whom you may change and "
                            "whose permissions you also have; the same holds for users who log in by the certificate's "
                            "name or key now."
                        ),
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(app_label)s_%(class)s_set",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "mutual TLS registration",
                "verbose_name_plural": "mutual TLS registrations",
            },
        ),
    ]
