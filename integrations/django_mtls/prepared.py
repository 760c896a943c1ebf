"""Queries of each request, whose SQL Django writes only once.

Their rows are read each time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connections, models

_VENDORS = frozenset({"sqlite", "postgresql", "mysql"})  # which return texts and JSON as they are stored


class Place(str):
    """The place of a value among the parameters of a query."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """The SQL of a query.

    Attributes:
        using: the alias of the database that it is written for.
        sql: the SQL.
        parameters: its parameters, some of them places.
    """

    using: str
    sql: str
    parameters: tuple[Any, ...]

    def fill(self, values: Mapping[str, str]) -> list[Any]:
        """Return the parameters with these values in their places."""
        return list(map(values.get, self.parameters, self.parameters))

    def rows(self, values: Mapping[str, str]) -> list[tuple[Any, ...]]:
        """Read the rows as the database returns them, with these values in their places."""
        with connections[self.using].cursor() as cursor:
            cursor.execute(self.sql, self.fill(values))
            return list(cursor.fetchall())


def prepare(make: "Callable[[], models.QuerySet[Any, Any]]", using: str, *places: Place) -> Prepared | None:
    """Return the SQL of a query; None where Django must write it in each request.

    Args:
        make: returns the query, with places instead of the values that differ.
        using: the alias of the database.
        places: all of them. A field that changes its values, as one that encrypts them, leaves no place.
    """
    if connections[using].vendor not in _VENDORS:
        return None
    try:
        sql, parameters = make().query.get_compiler(using).as_sql()
    except (ValueError, TypeError, ValidationError):  # a field that takes other values than texts
        return None
    found = sorted(given for given in parameters if isinstance(given, Place))
    return Prepared(using, sql, tuple(parameters)) if found == sorted(places) else None


def is_plain(manager: "models.Manager[Any]") -> bool:
    """Return whether a manager returns all rows.

    A project's own may return a tenant's rows.
    """
    kind, plain = type(manager), models.Manager
    return (
        kind.get_queryset is plain.get_queryset
        and kind.all is plain.all
        and type(manager.get_queryset()) is models.QuerySet
    )
