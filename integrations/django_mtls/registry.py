"""``client_id`` to client, from the database."""

from collections.abc import Iterable

from wsgi_mtls.certificate import ClientCertificate
from wsgi_mtls.errors import InvalidClientMetadata

from .models import AbstractRegisteredClient
from .record import RecordedClient
from .search import SHARED, batches, certificate_digests, exclusive_scope


class DjangoClientRegistry:
    """The enabled rows of a model, as the verifier wants them.

    Args:
        model: the model.
    """

    def __init__(self, model: type[AbstractRegisteredClient]) -> None:
        self._model = model

    def get(self, client_id: str, /) -> RecordedClient | None:
        """Return the client of this very ``client_id``, byte for byte whatever the database's collation, or None.

        Raises:
            InvalidClientMetadata: it can never authenticate.
        """
        found = self._model._default_manager.filter(**{self._model.client_id_lookup: client_id}, enabled=True)
        for record in found.select_related("user"):
            if record.client_id == client_id:
                return record.to_client()
        return None

    def find(self, certificate: ClientCertificate, /) -> Iterable[RecordedClient]:
        """Return every enabled client that this certificate may belong to."""
        for record in self.records(certificate):
            if record.enabled:
                try:
                    yield record.to_client()
                except InvalidClientMetadata:
                    continue  # it can never authenticate; the system check names it

    def records(self, certificate: ClientCertificate) -> list[AbstractRegisteredClient]:
        """Return every row that this certificate may belong to, disabled ones too."""
        found: dict[object, AbstractRegisteredClient] = {}
        scopes = (SHARED, exclusive_scope(self._model))
        for digests in batches(certificate_digests(certificate)):
            rows = self._model._default_manager.filter(search_keys__digest__in=digests, search_keys__scope__in=scopes)
            found |= {record.pk: record for record in rows.select_related("user", "saved_by")}
        return list(found.values())
