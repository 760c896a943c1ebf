"""RFC 9440 over the source: lenient where RFC 8941 is, and one certificate a member."""

import base64

import pytest

from tests.support import refused
from tests.unit.sources.captures import CLIENT, HYPHENS, INTERMEDIATE, ROOT
from wsgi_mtls import ClientCertificate, PeerCertificate, sources

SOURCE = sources.rfc9440(**HYPHENS)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
# Of a length that leaves pad bits and padding.
LEAF = next(c for c in (CLIENT, INTERMEDIATE, ROOT) if len(c.der) % 3)


def member(*certificates: ClientCertificate) -> str:
    return f":{base64.b64encode(b''.join(c.der for c in certificates)).decode()}:"


def sent(leaf: str, chain: str | None = None) -> dict[str, str]:
    rest = {} if chain is None else {"HTTP_CLIENT_CERT_CHAIN": chain}
    return {"REMOTE_ADDR": "127.0.0.1", "HTTP_CLIENT_CERT": leaf, **rest}


def test_pad_bits_and_padding() -> None:
    text = member(LEAF).strip(":")
    bare = text.rstrip("=")
    odd = bare[:-1] + ALPHABET[ALPHABET.index(bare[-1]) + 1]
    assert text != bare
    for encoded in (text, bare, odd, odd + text[len(bare) :]):
        assert SOURCE(sent(f":{encoded}:")) == PeerCertificate(LEAF, source="rfc9440")
        peer = SOURCE(sent(member(CLIENT), f"{member(ROOT)}, :{encoded}:"))
        assert peer == PeerCertificate(CLIENT, (ROOT, LEAF), source="rfc9440")


@pytest.mark.parametrize(
    "leaf",
    [
        member(CLIENT, INTERMEDIATE),
        f"{member(CLIENT)},{member(INTERMEDIATE)}",
        f"{member(CLIENT)}, {member(CLIENT)}",
        f"{member(CLIENT)}{member(INTERMEDIATE)}",
        member(CLIENT) + "=",
    ],
)
def test_several_certificates(leaf: str) -> None:
    with refused("malformed_certificate"):
        SOURCE(sent(leaf))


def test_several_certificates_in_a_member_of_the_chain() -> None:
    with refused("malformed_certificate"):
        SOURCE(sent(member(CLIENT), member(INTERMEDIATE, ROOT)))
    assert SOURCE(sent(member(CLIENT), f"{member(INTERMEDIATE)},{member(ROOT)}")) is not None
