"""A client together with the row that it was read from."""

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Self

from wsgi_mtls.clients import Client

if TYPE_CHECKING:
    from ..models import AbstractRegisteredClient


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedClient(Client):
    """A client from the database.

    Attributes:
        record: its row.
    """

    record: "AbstractRegisteredClient | None" = field(default=None, hash=False, compare=False, repr=False)

    @classmethod
    def of(cls, record: "AbstractRegisteredClient") -> Self:
        """Read a row.

        Raises:
            InvalidClientMetadata: it can never authenticate.
        """
        client = Client.from_metadata(record.to_metadata())
        given = {member.name: getattr(client, member.name) for member in fields(Client) if member.init}
        return cls(**given, record=record)
