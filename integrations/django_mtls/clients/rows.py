"""The row of a client in the database: read in each request, parsed once."""

from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models import Exists, Expression, ExpressionWrapper, F, TextField

from wsgi_mtls.clients import Client

from ..models import AbstractRegisteredClient
from ..prepared import Place, Prepared, is_plain, prepare
from .search_keys import SearchKey

if TYPE_CHECKING:
    from django.db.models import Manager, QuerySet

Values = tuple[Any, ...]

CLIENT_ID, DIGEST = Place("a client_id"), Place("the digest of a key")
DIGESTS = tuple(Place(f"digest {number} of a certificate") for number in range(16))
_AS_THEY_ARE = (
    "client_id",
    "token_endpoint_auth_method",
    "subject_kind",
    "subject_value",
    "jwks_uri",
    "tls_client_certificate_bound_access_tokens",
)
_JSON = ("jwks", "metadata")
_MOST = 4 * 1024 * 1024  # the clients that are made of them take some times as much


def client_query(model: type[AbstractRegisteredClient], scopes: tuple[str, ...]) -> Prepared | None:
    """Return the query for an enabled client, and whether any registration has a key.

    None where the model makes its clients in its own way, or Django must write the query in each request.
    """
    manager = model._default_manager
    return _query(manager, manager.db, scopes)


def holders_query(model: type[AbstractRegisteredClient], scopes: tuple[str, ...], count: int) -> Prepared | None:
    """Return the query for the rows that so many digests find, once for each digest.

    Each row has ``enabled``, the digest and the primary key.

    None where :func:`client_query` is None, and for more digests than usual certificates have.
    """
    manager = model._default_manager
    return _holders_query(manager, manager.db, scopes, count) if count <= len(DIGESTS) else None


@lru_cache(maxsize=16)
def _query(manager: "Manager[AbstractRegisteredClient]", using: str, scopes: tuple[str, ...]) -> Prepared | None:
    def make() -> "QuerySet[AbstractRegisteredClient, Values]":
        keys = SearchKey._default_manager.filter(digest=DIGEST, scope__in=scopes)
        rows = manager.all().filter(client_id=CLIENT_ID, enabled=True).order_by()
        return rows.values_list(*_columns(), Exists(keys))

    return prepare(make, using, CLIENT_ID, DIGEST) if _is_usual(manager) else None


@lru_cache(maxsize=64)
def _holders_query(
    manager: "Manager[AbstractRegisteredClient]", using: str, scopes: tuple[str, ...], count: int
) -> Prepared | None:
    def make() -> "QuerySet[AbstractRegisteredClient, Values]":
        found = {"search_keys__digest__in": DIGESTS[:count], "search_keys__scope__in": scopes}
        return manager.all().filter(**found).order_by().values_list(*_columns(), "enabled", "search_keys__digest", "pk")

    return prepare(make, using, *DIGESTS[:count]) if _is_usual(manager) else None


def _columns() -> "list[str | Expression]":
    # Unparsed: a client may have a thousand keys, and the same text has the same meaning.
    return [*_AS_THEY_ARE, *(ExpressionWrapper(F(name), TextField()) for name in _JSON)]


def _is_usual(manager: "Manager[AbstractRegisteredClient]") -> bool:
    model, plain = manager.model, AbstractRegisteredClient
    return (
        model.to_client is plain.to_client
        and model.to_metadata is plain.to_metadata
        and model.client_id_lookup == plain.client_id_lookup
        and is_plain(manager)
    )


class ParsedRows:
    """Clients of a model by the whole content of their rows, in bounded memory.

    Args:
        model: the model.
        most: the most characters of rows that are remembered.
    """

    def __init__(self, model: type[AbstractRegisteredClient], most: int = _MOST) -> None:
        self._model = model
        self._most = most
        self._known: dict[str, tuple[Values, Client]] = {}
        self._characters = 0
        self._lock = Lock()

    def client(self, values: Values, using: str) -> Client:
        """Return the client of a row's first columns.

        Raises:
            InvalidClientMetadata: If it can never authenticate.
        """
        # By its name, and then by all of it: to hash a thousand keys takes longer than to compare them.
        known = self._known.get(values[0])
        return known[1] if known is not None and known[0] == values else self._parse(values, using)

    def _parse(self, values: Values, using: str) -> Client:
        client = self._record(values, using).to_client()
        self._remember(values, client)
        return client

    def _record(self, values: Values, using: str) -> AbstractRegisteredClient:
        given: dict[str, Any] = {}
        for name, value in zip((*_AS_THEY_ARE, *_JSON), values, strict=True):
            field: Any = self._model._meta.get_field(name)
            convert = getattr(field, "from_db_value", None)
            # MariaDB returns whole numbers for booleans.
            given[name] = field.to_python(value) if convert is None else convert(value, None, connections[using])
        return self._model(**given)

    def _remember(self, values: Values, client: Client) -> None:
        with self._lock:
            self._forget(values[0])
            self._known[values[0]] = values, client
            self._characters += _length(values)
            while self._characters > self._most:
                self._forget(next(iter(self._known)))

    def _forget(self, client_id: str) -> None:
        if client_id in self._known:
            self._characters -= _length(self._known.pop(client_id)[0])


def _length(values: Values) -> int:
    return 512 + sum(len(value) for value in values if isinstance(value, str))
