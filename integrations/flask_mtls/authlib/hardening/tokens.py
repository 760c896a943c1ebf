"""Access tokens on which Authlib's validators raise uncaught errors: a 500.

A ``ResourceProtector`` does not catch them. A JWT whose header is ``{"crit": 1}`` is a ``TypeError``, a claim
``{"scope": 1}`` an ``AttributeError``, an introspection response without ``active`` a ``KeyError``, JSON that is nested
too deep a ``RecursionError``. Authlib 1.7 also raises joserfc's own errors.

Needed up to Authlib 1.9, the newest release.
"""

from joserfc.errors import JoseError

UNREADABLE = (TypeError, ValueError, AttributeError, LookupError, RecursionError, JoseError)
"""What Authlib and joserfc raise for a token that they cannot read."""
