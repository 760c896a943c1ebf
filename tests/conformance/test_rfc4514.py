"""RFC 4514 section 4: all of its examples."""

import pytest

from wsgi_mtls.x509 import name_text
from wsgi_mtls.x509.attributes import TypedValue

UID, DC, OU, CN = "0.9.2342.19200300.100.1.1", "0.9.2342.19200300.100.1.25", "2.5.4.11", "2.5.4.3"
EXAMPLE_NET = [((DC, "net"),), ((DC, "example"),)]

# The text, and its RDNs in the certificate's order.
EXAMPLES = [
    ("UID=jsmith,DC=example,DC=net", [*EXAMPLE_NET, ((UID, "jsmith"),)]),
    ("OU=Sales+CN=J.  Smith,DC=example,DC=net", [*EXAMPLE_NET, ((OU, "Sales"), (CN, "J.  Smith"))]),
    (
        r"CN=James \"Jim\" Smith\, III,DC=example,DC=net",
        [*EXAMPLE_NET, ((CN, 'James "Jim" Smith, III'),)],
    ),
    (r"CN=Before\0dAfter,DC=example,DC=net", [*EXAMPLE_NET, ((CN, "Before\rAfter"),)]),
    ("1.3.6.1.4.1.1466.0=#04024869", [(("1.3.6.1.4.1.1466.0", TypedValue(4, b"Hi")),)]),
    (r"CN=Lu\C4\8Di\C4\87", [((CN, "Lučić"),)]),
]


@pytest.mark.parametrize(("text", "rdns"), EXAMPLES)
def test_example(text: str, rdns: list[name_text.Attributes]) -> None:
    assert name_text.read(text) == rdns
