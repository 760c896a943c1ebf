"""What cannot be played where, and why."""

from collections.abc import Callable
from dataclasses import dataclass

from .row import Row, TokenRow


@dataclass(frozen=True, slots=True)
class NotPlayed:
    """Rows that some ways in cannot be asked.

    Attributes:
        ways: The names of the ways.
        rows: Returns whether it is about a row.
        why: The reason.
    """

    ways: tuple[str, ...]
    rows: Callable[[Row], bool]
    why: str


def _kind(*kinds: str) -> Callable[[Row], bool]:
    return lambda row: row.kind in kinds


def _id(*ids: str) -> Callable[[Row], bool]:
    return lambda row: row.id in ids


def _by_environ(row: Row) -> bool:
    return row.number == 47 or row.source["preset"] in ("environ", "mod_wsgi")


def _lax(row: Row) -> bool:
    return isinstance(row, TokenRow) and (not row.required or row.right_required is False)


AUTHLIB_ENDPOINTS = ("authlib-token", "authlib-introspect", "authlib-revoke")
TOOLKIT_ENDPOINTS = ("oauth_toolkit-token", "oauth_toolkit-introspect", "oauth_toolkit-revoke_token")
TOOLKIT_RESOURCES = tuple(f"oauth_toolkit-{name}" for name in ("decorated", "rw", "challenging", "rw-view", "drf"))
DJANGO = ("django-function", "django-class", "django-async")
DRF_RESOURCES = ("drf-accounts", "drf-anytoken", "drf-tokenfirst")
DRF_USERS = ("drf-users", "drf-machines")

NOT_PLAYED = [
    NotPlayed(("wsgi",), _kind("certificate"),
              "PeerMiddleware reports the certificate and refuses none: the application calls a verifier."),
    NotPlayed((*AUTHLIB_ENDPOINTS, *TOOLKIT_ENDPOINTS), _kind("token", "certificate"),
              "An endpoint of clients accepts neither a token nor a certificate alone."),
    NotPlayed(("authlib-api", *TOOLKIT_RESOURCES, *DRF_RESOURCES), _kind("client", "certificate"),
              "A resource authenticates no client, and accepts no certificate alone."),
    NotPlayed((*AUTHLIB_ENDPOINTS, *TOOLKIT_ENDPOINTS, *DJANGO), _id("40 binding that is not a boolean"),
              "The column of the database is a boolean."),
    NotPlayed(("django-async",), _by_environ, "ASGI has no environ keys in which a server delivers a certificate."),
    NotPlayed(DRF_USERS, _kind("client", "token"), "REST framework's views of users accept certificates only."),
    NotPlayed(("drf-anytoken", "drf-tokenfirst"), _lax,
              "The view that also accepts unbound tokens is played as the other one of drf-accounts."),
]  # fmt: skip


def why_not(row: Row, way: str) -> list[str]:
    """Return each reason why a row is not played at a way; none if it is played."""
    return [entry.why for entry in NOT_PLAYED if way in entry.ways and entry.rows(row)]
