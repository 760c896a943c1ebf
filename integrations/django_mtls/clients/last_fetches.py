"""A readable account of the last fetch of a client's key set."""

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from wsgi_mtls.clients import LastFetch

from ..conf import mtls_settings

HELP = gettext_lazy(
    "What this process of the server knows; each process fetches for itself, and forgets it when it ends, unless "
    'MTLS["KEY_SETS"] has a store that they share.'
)


def last_fetch(jwks_uri: str) -> str:
    """Return when a ``jwks_uri`` was last fetched, and what has failed since.

    Nothing is fetched.
    """
    key_sets = mtls_settings().key_sets
    if not jwks_uri:
        return "-"
    if key_sets is None:
        return _('Never fetched: MTLS["KEY_SETS"] is not set.')
    if problem := key_sets.why_never(jwks_uri):
        return _("Never fetched: %s") % problem
    return text_of(key_sets.last_fetch(jwks_uri))


def text_of(last: LastFetch) -> str:
    """Return what came, and what failed since."""
    if last.fetched is None:
        came = _("No set is kept.")
    else:
        count = ngettext("%d certificate", "%d certificates", last.certificates) % last.certificates
        came = f"{date_format(localtime(last.fetched), 'DATETIME_FORMAT')}: {count}."
    if last.failure is None:
        return came
    failed = _("The last fetch failed: %s") % last.failure
    return f"{came} {failed}"
