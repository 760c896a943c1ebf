"""Failures of the machine, as opposed to failures of what a caller sent."""

# PEP 249 names the errors of a database whose connection or memory fails, and has no class that all modules share.
_OF_DATABASES = frozenset({"OperationalError", "InterfaceError"})


def is_shortage(error: BaseException) -> bool:
    """Return whether an operation failed for lack of a resource.

    Resources are memory, descriptors, threads, connections and databases. Such a failure proves nothing about a token:
    a client that reads "invalid" throws a good one away. An error that was raised from another counts as that one,
    since libraries wrap what they catch.
    """
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        # Python has no class of its own for "can't start new thread".
        if isinstance(cause, OSError | MemoryError) or (isinstance(cause, RuntimeError) and "new thread" in str(cause)):
            return True
        if any(kind.__name__ in _OF_DATABASES for kind in type(cause).__mro__):
            return True
        seen.add(id(cause))
        # Some libraries wrap without "from", as redis does.
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return False
