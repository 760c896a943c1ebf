"""Django, set up for this directory alone, and a database that each test leaves as it found it."""

import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from wsgi_mtls.testing import KeyPair, Profile, self_sign

if TYPE_CHECKING:
    from .browser import Browser
    from .site import Site

if find_spec("django") is None:
    collect_ignore_glob = ["test_*.py", "*/test_*.py"]
else:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.django.settings")
    if os.environ.get("DJANGO_DATABASE") == "mariadb" and find_spec("MySQLdb") is None:
        import pymysql  # type: ignore[import-untyped]

        pymysql.version_info = (2, 2, 7, "final", 0)  # the version of mysqlclient that Django wants to see
        pymysql.install_as_MySQLdb()
    import django

    django.setup()


_database_is_made = False


@pytest.fixture(scope="session")
def database() -> Iterator[None]:
    """A test database, made once, also where another folder's conftest takes this fixture over."""
    from django.test.utils import setup_databases, setup_test_environment, teardown_databases, teardown_test_environment

    global _database_is_made
    if _database_is_made:
        yield
        return
    _database_is_made = True
    setup_test_environment()
    made = setup_databases(verbosity=0, interactive=False)
    yield
    teardown_databases(made, verbosity=0)
    teardown_test_environment()


@pytest.fixture(scope="session")
def site(database: None, ca: KeyPair) -> "Iterator[Site]":
    """The project over real TLS; the server trusts ``ca``."""
    from .site import running_site

    with running_site([ca.certificate]) as site:
        yield site


@pytest.fixture(autouse=True)
def _rollback(database: None) -> Iterator[None]:
    from django.core.cache import cache
    from django.db import transaction

    from django_mtls.clients import sightings
    from django_mtls.login import failed_logins

    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    failed_logins.limit.forget()
    sightings.noted.forget()
    cache.clear()


@pytest.fixture
def settings() -> Iterator[Callable[..., None]]:
    """Change settings: ``settings(DEBUG=True)``."""
    from django.test import override_settings

    entered: list[Any] = []

    def change(**changes: Any) -> None:
        override = override_settings(**changes)
        override.enable()
        entered.append(override)

    yield change
    for override in reversed(entered):
        override.disable()


@pytest.fixture
def mtls(settings: Callable[..., None]) -> Callable[..., None]:
    """Change keys of ``MTLS``: ``mtls(USE_SESSION=True)``."""
    from django.conf import settings as current

    def change(**keys: Any) -> None:
        settings(MTLS={**current.MTLS, **keys})

    return change


@pytest.fixture(scope="session")
def alice_pair(ca: KeyPair) -> KeyPair:
    """The certificate of alice, who is a user wherever ``alice`` is."""
    return ca.issue("CN=alice", Profile(san_email=["alice@example.com"]))


@pytest.fixture(scope="session")
def bob_pair(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=bob")


@pytest.fixture(scope="session")
def mobile_pair() -> KeyPair:
    """A self-signed certificate."""
    return self_sign("CN=mobile")


@pytest.fixture
def alice() -> Any:
    from django.contrib.auth.models import User

    return User.objects.create_user("alice", password="alice's")


@pytest.fixture
def bob() -> Any:
    from django.contrib.auth.models import User

    return User.objects.create_user("bob", password="bob's")


@pytest.fixture(params=["wsgi", "asgi"])
def browser(request: pytest.FixtureRequest) -> "Browser":
    """A browser, over WSGI and over ASGI."""
    from .browser import Browser

    return Browser(asynchronous=request.param == "asgi")


@pytest.fixture(params=["after AuthenticationMiddleware", "last"])
def login_order(request: pytest.FixtureRequest, settings: Callable[..., None]) -> None:
    """Where ClientCertificateLoginMiddleware stands."""
    from django.conf import settings as current

    if request.param == "last":
        login = "django_mtls.middleware.ClientCertificateLoginMiddleware"
        settings(MIDDLEWARE=[*(path for path in current.MIDDLEWARE if path != login), login])


@pytest.fixture
def failures() -> Iterator[list[Any]]:
    """The failed logins that Django told of."""
    from django.contrib.auth.signals import user_login_failed

    seen: list[Any] = []

    def note(sender: object, credentials: Any, **_: object) -> None:
        seen.append(credentials)

    user_login_failed.connect(note)
    yield seen
    user_login_failed.disconnect(note)


@pytest.fixture
def root() -> Any:
    from django.contrib.auth.models import User

    return User.objects.create_superuser("root")


@pytest.fixture
def mallory() -> Any:
    """Staff who may register clients and change users, so that she may link herself."""
    from django.contrib.auth.models import Permission, User

    from .registrations import REGISTRATIONS

    made = User.objects.create_user("mallory", is_staff=True)
    made.user_permissions.set(Permission.objects.filter(codename__in=(*REGISTRATIONS, "change_user")))
    return made


@pytest.fixture
def card(ca: KeyPair) -> KeyPair:
    """The superuser's card."""
    return ca.issue("CN=root", Profile(san_email=["root@example.com"]))


@pytest.fixture(params=["DN", "e-mail", "key"])
def claim(request: pytest.FixtureRequest, card: KeyPair) -> dict[str, Any]:
    """What of the card a registration claims."""
    from .registrations import BY_DN, BY_EMAIL
    from .support import by_certificate

    return {"DN": BY_DN, "e-mail": BY_EMAIL, "key": by_certificate(card)}[request.param]
