"""X-Forwarded-Client-Cert as Envoy writes it of names that a client chose: read as it is, or refused."""

import hashlib
from contextlib import suppress
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from wsgi_mtls.errors import BadCertificate
from wsgi_mtls.sources.xfcc import first_certificate, uri_and_hash
from wsgi_mtls.testing import make_ca, to_pem

OWN, VICTIM = (make_ca(f"CN={name}").certificate for name in ("own", "victim"))
HASH, VICTIMS_HASH = (hashlib.sha256(one.der).hexdigest() for one in (OWN, VICTIM))
CERT, VICTIMS_CERT = (quote(to_pem(one), safe="") for one in (OWN, VICTIM))
PIECES = st.sampled_from(
    ['"', "\\", ";", ",", "=", "By=", "Hash=", f"Hash={VICTIMS_HASH}", f"Hash={HASH}", "URI=", "URI=spiffe://victim",
     "DNS=", "Subject=", 'Subject="', "Cert=", f"Cert={VICTIMS_CERT}", f'Cert="{VICTIMS_CERT}"', "spiffe://victim", "x"]
)  # fmt: skip
NAMES = st.lists(PIECES, max_size=9).map("".join)
# What the client sends itself, where a proxy appends its element instead of replacing the header.
SENT = st.one_of(st.just(""), NAMES.map(lambda text: f"{text},"))
BY = st.sampled_from(["", "By=spiffe://api;", "By=urn:a;b,c;"])


def subject(text: str) -> str:
    """Write a subject as Envoy does: RFC 2253 escapes quotes, backslashes and separators."""
    return "CN=" + "".join(f"\\{character}" if character in '"\\,;=' else character for character in text)


@given(SENT, BY, st.one_of(st.none(), NAMES), NAMES)
def test_uri_and_hash(sent: str, by: str, person: str | None, uri: str) -> None:
    names = "" if person is None else f'Subject="{subject(person)}";'
    with suppress(BadCertificate):
        assert uri_and_hash(f"{sent}{by}Hash={HASH};{names}URI={uri}") == (uri or None, HASH)


@given(SENT, BY, st.lists(NAMES, max_size=2), st.lists(NAMES, max_size=2))
def test_certificate(sent: str, by: str, uris: list[str], dns: list[str]) -> None:
    names = [f"URI={name}" for name in uris] + [f"DNS={name}" for name in dns]
    with suppress(BadCertificate):
        text = ";".join((f'{by}Hash={HASH};Cert="{CERT}"', *names))
        assert first_certificate(sent + text) == (OWN.der,)


@given(SENT, BY, st.lists(NAMES, max_size=2))
def test_certificate_that_envoy_does_not_send(sent: str, by: str, uris: list[str]) -> None:
    with suppress(BadCertificate):
        assert first_certificate(";".join((f"{sent}{by}Hash={HASH}", *(f"URI={name}" for name in uris)))) == (OWN.der,)
