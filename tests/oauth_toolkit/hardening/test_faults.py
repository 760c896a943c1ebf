"""The faults that ``django_mtls.oauth_toolkit.hardening`` repairs, seen in OAuth Toolkit and oauthlib themselves.

A test that fails here means that a fault was mended: delete the repair that it names, once the oldest release that we
support has none of it.
"""

from collections.abc import Callable
from datetime import timedelta
from importlib.metadata import requires, version
from inspect import signature
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.exceptions import SuspiciousOperation
from django.test import RequestFactory
from django.utils import timezone
from oauth2_provider import decorators
from oauth2_provider.models import get_access_token_model, get_application_model, get_device_grant_model
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.common import Request
from oauthlib.oauth2 import DeviceApplicationServer

from django_mtls.oauth_toolkit.hardening.id_tokens import UNREADABLE
from django_mtls.oauth_toolkit.hardening.queries import check_query
from django_mtls.oauth_toolkit.moved import OAuthLibCore
from django_mtls.oauth_toolkit.validators import MutualTLSValidator
from tests.support import FORM

from ..support import SECRET, AuthServer, application

RELEASE = tuple(map(int, version("django-oauth-toolkit").split(".")[:2]))
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


def asked(body: str = "", **headers: str) -> Any:
    request = Request("https://as.example.com/o/token/", "POST", body, headers)
    request.client = None
    return request


@pytest.fixture
def stock(settings: Callable[..., None], toolkit: Callable[..., None], server: AuthServer) -> AuthServer:
    """The project with OAuth Toolkit's own URLs, validator and backend class."""
    settings(ROOT_URLCONF="tests.oauth_toolkit.toolkits_urls")
    toolkit(
        OAUTH2_VALIDATOR_CLASS="oauth2_provider.oauth2_validators.OAuth2Validator",
        OAUTH2_BACKEND_CLASS="oauth2_provider.oauth2_backends.OAuthLibCore",
    )
    return server


def test_device_code_is_known_to_everybody(stock: AuthServer) -> None:
    """``device.is_device_code`` and what calls it."""
    known = {"device_code": "known", "user_code": "user", "client_id": "billing", "scope": "accounts", "interval": 5}
    get_device_grant_model().objects.create(**known, expires=timezone.now() + timedelta(minutes=5))
    answers = [
        stock.post("/o/token/", {"grant_type": DEVICE, "client_id": "nobody", "device_code": code}).content
        for code in ("known", "unknown")
    ]
    assert answers[0] != answers[1], "Delete is_device_code."


def test_device_code_for_another_grant_and_without_a_page(stock: AuthServer) -> None:
    """``device.may_begin``."""
    form = {"client_id": "unbound", "client_secret": SECRET, "scope": "accounts"}
    request = RequestFactory().post("/o/device-authorization/", urlencode(form), FORM)
    core = OAuthLibCore(DeviceApplicationServer(OAuth2Validator(), verification_uri=None))
    _, body, status = core.create_device_authorization_response(request)
    assert (status, body["verification_uri"]) == (200, None), "Delete may_begin."


def test_validator_does_not_answer_oauthlib_4() -> None:
    """``device.DeviceValidatorMixin``."""
    assert "validate_device_code" not in vars(OAuth2Validator), "Delete DeviceValidatorMixin."


def test_second_use_of_a_code_ends_nothing(stock: AuthServer) -> None:
    """``single_use.SingleUseValidatorMixin``."""
    code = stock.code("unbound-code")
    assert stock.exchange("unbound-code", code, secret=SECRET).status_code == 200
    assert stock.exchange("unbound-code", code, secret=SECRET).status_code == 400
    assert get_access_token_model().objects.count() == 1, "Delete what remembers redeemed codes."


@pytest.mark.parametrize(("body", "authorization", "raised"), [
    ("", "Basic \xff", ValueError),
    ("encoding=nonsense", "Basic dW5ib3VuZDpzM2NyZXQ=", LookupError),
])  # fmt: skip
def test_credentials_that_end_in_a_500(
    server: AuthServer, body: str, authorization: str, raised: type[Exception]
) -> None:
    """``credentials.CredentialsValidatorMixin._authenticate_basic_auth``."""
    headers = {"HTTP_AUTHORIZATION": authorization}
    with pytest.raises(raised):
        OAuth2Validator()._authenticate_basic_auth(asked(body, **headers))
    assert MutualTLSValidator()._authenticate_basic_auth(asked(body, **headers)) is (raised is LookupError)


def test_blank_secret_is_one() -> None:
    """``credentials._may_come``."""
    application("blank", client_secret="")
    body = "client_id=blank&client_secret="
    assert OAuth2Validator()._authenticate_request_body(asked(body)) is True, "Delete _may_come."
    assert MutualTLSValidator()._authenticate_request_body(asked(body)) is False


@pytest.mark.skipif(RELEASE >= (3, 4), reason="mended in OAuth Toolkit 3.4")
def test_token_of_another_client_is_revoked(server: AuthServer) -> None:
    """``revocation.RevocationValidatorMixin``."""
    token = server.access_token("unbound", secret=SECRET)
    request = asked()
    request.client = get_application_model().objects.get(client_id="unbound-code")
    MutualTLSValidator().revoke_token(token, "access_token", request)
    assert get_access_token_model().objects.count() == 1
    OAuth2Validator().revoke_token(token, "access_token", request)
    assert get_access_token_model().objects.count() == 0


def test_releases_before_3_4_are_supported() -> None:
    """Else ``revocation`` can go, and so can the metadata view for older releases."""
    oldest = next(name for name in requires("wsgi-mtls") or () if name.startswith("django-oauth-toolkit>="))
    assert oldest.startswith(("django-oauth-toolkit>=3.2", "django-oauth-toolkit>=3.3")), "Delete revocation.py."


@pytest.mark.parametrize("token", ["x", "x.y.z"])
def test_token_that_is_not_a_jwt_ends_in_a_500(oidc: None, token: str) -> None:
    """``id_tokens.IDTokenValidatorMixin``."""
    with pytest.raises(UNREADABLE):
        OAuth2Validator()._load_id_token(token)
    assert MutualTLSValidator()._load_id_token(token) is None


def test_query_that_ends_in_a_500() -> None:
    """``queries.check_query``."""
    with pytest.raises(ValueError, match="Invalid hex encoding"):
        Request("/accounts?x=%ZZ")
    with pytest.raises(SuspiciousOperation):
        check_query("/accounts?x=%ZZ")
    check_query("/accounts?x=%20")


@pytest.mark.parametrize("name", ["protected_resource", "rw_protected_resource"])
def test_decorators_take_no_validator_of_the_settings(name: str) -> None:
    """``bound_tokens``."""
    default = signature(getattr(decorators, name)).parameters["validator_cls"].default
    assert default is OAuth2Validator, "Delete bound_tokens.guard_access_tokens, if the introspection view has cnf too."


@pytest.mark.skipif(RELEASE < (3, 4), reason="no metadata promise an issuer")
def test_errors_of_the_authorization_endpoint_lack_the_issuer(stock: AuthServer, toolkit: Callable[..., None]) -> None:
    """``issuer.AuthorizationView``."""
    toolkit(
        OAUTH2_VALIDATOR_CLASS="oauth2_provider.oauth2_validators.OAuth2Validator",
        OAUTH2_BACKEND_CLASS="oauth2_provider.oauth2_backends.OAuthLibCore",
        COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS=True,
    )
    assert "iss=" in stock.authorize("unbound-code")
    assert "iss=" not in stock.authorize("unbound-code", scope="root"), "Delete the module issuer."
