"""By, the proxy's own name, may hold separators; what a client chooses makes no second reading."""

import pytest

from tests.support import refused
from tests.unit.sources.captures import CLIENT, HYPHENS
from tests.unit.sources.test_xfcc import ELEMENT, HASH, OTHER
from wsgi_mtls import sources
from wsgi_mtls.sources.xfcc import first_certificate, parse

OTHER_HASH = OTHER[5:69]


@pytest.mark.parametrize(
    "by",
    [
        "urn:abc:servicePrincipal(grpc-sample-service;None;i001)",
        "urn:a,b",
        "urn:a;Hash=abc",
        'urn:"a"',
        "urn:a;By=urn:b",
        "urn:a,By=urn:b",
        "urn:a;Cert=b",
        "",
        r"urn:\a",
    ],
)
def test_separators_in_by(by: str) -> None:
    assert first_certificate(f"By={by};{ELEMENT}") == (CLIENT.der,)
    first, last = parse(f"By={by};{ELEMENT},By={by};{OTHER};URI=spiffe://b", 2)
    assert (first.certificate, last.uris) == (CLIENT.der, ("spiffe://b",))


@pytest.mark.parametrize(
    "text",
    [
        f"By=urn:a;Hash={OTHER_HASH};{ELEMENT}",
        f"By=urn:a,{ELEMENT}",
        f"By=urn:a;URI=spiffe://b;{ELEMENT}",
        f"By=urn:a;Hash={HASH[:-1]};Cert=b",
        f"By=urn:a;{ELEMENT};By=urn:b",
        f"{ELEMENT};By=urn:a",
        f"By=urn:a;{ELEMENT},By=urn:b",
        "By=urn:a",
        "By=",
    ],
)
def test_two_readings_or_none(text: str) -> None:
    with refused("malformed_certificate"):
        first_certificate(text)


# What a client can choose as its own URI, where Envoy sends its certificate too.
@pytest.mark.parametrize(
    "name",
    [
        f"x;Hash={OTHER_HASH}",
        f"x;{OTHER}",
        f"x,{OTHER}",
        f"x,By=urn:b;{OTHER}",
        f"x,By=urn:b;Hash={OTHER_HASH};URI=spiffe://victim",
        f"x;Hash={OTHER_HASH};URI=spiffe://victim",
        "x;y",
        "x,y",
        'x"',
        r"x\y",
    ],
)
@pytest.mark.parametrize("by", ["", "By=urn:a,b;c;"])
@pytest.mark.parametrize("elements", [1, 2])
def test_a_clients_own_name(name: str, by: str, elements: int) -> None:
    gateway = ",By=urn:app;Hash=" + "0" * 64 + ';Subject="";URI=spiffe://gateway'
    options = {**HYPHENS, "elements": elements}
    source = sources.istio(gateway_uri="spiffe://gateway", **options) if elements == 2 else sources.envoy(**options)
    end = gateway if elements == 2 else ""
    environ = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_CLIENT_CERT": f"{by}{ELEMENT};URI={name}{end}"}
    with refused("malformed_certificate"):
        source(environ)
    environ["HTTP_X_FORWARDED_CLIENT_CERT"] = f"{by}{ELEMENT};URI=spiffe://a{end}"
    peer = source(environ)
    assert peer is not None
    assert peer.certificate == CLIENT


def test_a_name_of_two_is_only_a_name() -> None:
    """Where the certificate comes, its own names decide, and Envoy writes several as several pairs."""
    text = f"By=urn:a;{ELEMENT};URI=x;URI=spiffe://victim;DNS=a;DNS=b"
    assert first_certificate(text) == (CLIENT.der,)


def test_an_element_hidden_in_quotes() -> None:
    """A proxy that appends to a header of the client's, and a name with a quote: the proxy's element is swallowed."""
    appended = f',By=urn:app;Hash={HASH};URI=x"'
    for sent in (f'{OTHER};Subject="', f'{OTHER},Hash={HASH};URI=spiffe://gateway;Subject="'):
        for elements in (1, 2):
            with refused("malformed_certificate"):
                parse(sent + appended, elements)
