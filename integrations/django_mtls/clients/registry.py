"""``client_id`` to client, from the database."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db.models import Exists

from wsgi_mtls.clients import Client
from wsgi_mtls.errors import InvalidClientMetadata
from wsgi_mtls.x509 import ClientCertificate

from ..models import AbstractRegisteredClient
from .choices import Method
from .rows import CLIENT_ID, DIGEST, DIGESTS, ParsedRows, client_query, holders_query
from .search import SHARED, batches, certificate_digests, exclusive_scope, key_digest
from .search_keys import SearchKey
from .sightings import noted

if TYPE_CHECKING:
    from django.db.models import QuerySet


class DjangoClientRegistry:
    """The enabled rows of a model, as a verifier wants them.

    Args:
        model: the model.
    """

    def __init__(self, model: type[AbstractRegisteredClient]) -> None:
        self._model = model
        self._scopes = (SHARED, exclusive_scope(model))
        self._parsed = ParsedRows(model)

    def get(self, client_id: str, /) -> Client | None:
        """Return the client with exactly this ``client_id``, or None.

        The collation of the database makes no difference.

        Raises:
            InvalidClientMetadata: If it can never authenticate.
        """
        record = self._record(self._model._default_manager.all(), client_id)
        return None if record is None else record.to_client()

    def get_and_has_self_signed(self, client_id: str, certificate: ClientCertificate, /) -> tuple[Client | None, bool]:
        """Return what :meth:`get` and :meth:`has_self_signed` return.

        One query is usually enough. The key of a certificate from a CA is seldom registered: whether any registration
        has it needs no join.

        Raises:
            InvalidClientMetadata: If it can never authenticate.
        """
        digest, query = key_digest(certificate), client_query(self._model, self._scopes)
        client, has_key = None, False
        if query is None:
            client, has_key = self._by_the_model(client_id, digest)
        else:
            for row in query.rows({CLIENT_ID: client_id, DIGEST: digest}):
                if row[0] == client_id:
                    client, has_key = self._parsed.client(row[:-1], query.using), bool(row[-1])
                    break
        if client is None:
            return None, False
        # A self-signed client needs no further query: its certificate is registered, or refused.
        is_own = client.token_endpoint_auth_method == Method.SELF_SIGNED
        return client, has_key and (is_own or self.has_self_signed(certificate))

    def _by_the_model(self, client_id: str, digest: str) -> tuple[Client | None, bool]:
        rows = self._model._default_manager.annotate(has_key=Exists(self._keys({digest})))
        record: Any = self._record(rows, client_id)
        return (None, False) if record is None else (record.to_client(), record.has_key)

    def has_self_signed(self, certificate: ClientCertificate, /) -> bool:
        """Return whether a self-signed client has registered this certificate's key.

        The client may be enabled or not. A disabled client's certificate may still be in the TLS terminator's CA
        bundle.
        """
        return self._self_signed(certificate).exists()

    def _record(self, rows: "QuerySet[AbstractRegisteredClient]", client_id: str) -> AbstractRegisteredClient | None:
        found = rows.filter(**{self._model.client_id_lookup: client_id}, enabled=True).order_by()
        for record in found:
            if record.client_id == client_id:
                return record
        return None

    def _self_signed(self, certificate: ClientCertificate) -> "QuerySet[AbstractRegisteredClient]":
        return self._model._default_manager.filter(
            token_endpoint_auth_method=Method.SELF_SIGNED,
            search_keys__digest=key_digest(certificate),
            search_keys__scope__in=self._scopes,
        )

    def _keys(self, digests: Iterable[str]) -> "QuerySet[SearchKey]":
        return SearchKey._default_manager.filter(digest__in=digests, scope__in=self._scopes)

    def find(self, certificate: ClientCertificate, /) -> Iterable[Client]:
        """Return every enabled client that this certificate may belong to."""
        return self.find_and_has_self_signed(certificate)[0]

    def find_and_has_self_signed(self, certificate: ClientCertificate, /) -> tuple[Iterable[Client], bool]:
        """Return what :meth:`find` and :meth:`has_self_signed` return.

        One query is usually enough.
        """
        digests = certificate_digests(certificate)
        query = holders_query(self._model, self._scopes, len(digests))
        if query is None:
            makers = [record.to_client for record in self._found(certificate) if record.enabled]
            return _valid(makers), self.has_self_signed(certificate)
        rows = query.rows(dict(zip(DIGESTS, digests, strict=False)))
        own = key_digest(certificate)
        has_self_signed = any(method == Method.SELF_SIGNED and digest == own for _, method, *_, digest, _ in rows)
        # Once for each row, which several digests may have found.
        enabled = {key: values for *values, is_enabled, _, key in rows if is_enabled}
        makers = [partial(self._parsed.client, tuple(values), query.using) for values in enabled.values()]
        return _valid(makers), has_self_signed

    def records(self, certificate: ClientCertificate) -> list[AbstractRegisteredClient]:
        """Return every row that this certificate may belong to, with its user.

        Disabled rows are included.
        """
        return self._found(certificate, "user")

    def _found(self, certificate: ClientCertificate, *related: str) -> list[AbstractRegisteredClient]:
        found: dict[object, AbstractRegisteredClient] = {}
        for batch in batches(certificate_digests(certificate)):
            # Most certificates are registered nowhere, which the keys alone show, without a join.
            digests = list(self._keys(batch).values_list("digest", flat=True))
            if not digests:
                continue
            rows = self._model._default_manager.filter(
                search_keys__digest__in=digests, search_keys__scope__in=self._scopes
            )
            found |= {record.pk: record for record in (rows.select_related(*related) if related else rows)}
        return list(found.values())

    def seen(self, client_id: str, certificate: ClientCertificate | None, /) -> None:
        """Note which certificate authenticated a client, at most once a minute."""
        if noted.allows(f"{self._model._meta.label_lower} {client_id}"):
            record = self._record(self._model._default_manager.all(), client_id)
            if record is not None:
                record.seen(certificate)


def _valid(makers: Iterable[Callable[[], Client]]) -> list[Client]:
    made: list[Client] = []
    for make in makers:
        with suppress(InvalidClientMetadata):  # it can never authenticate; the system check names it
            made.append(make())
    return made
