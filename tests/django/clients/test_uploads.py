"""What an operator is told of an uploaded certificate, however odd it is."""

from typing import Any

import pytest
from django.core.files.base import ContentFile

from django_mtls.clients.uploads import certificate_warnings, read_certificate
from tests import der

CA_FALSE = der.ext("2.5.29.19", der.seq(), True)
# A choice of GeneralName that does not exist, in an extension that says nothing of a CA.
UNKNOWN_NAME = der.ext("2.5.29.18", der.seq(der.ctx(9, b"a", constructed=False)))


def self_signed(**changes: Any) -> bytes:
    authority = der.CA()
    return authority.cert(authority.name, key=authority.key, **{"extensions": [CA_FALSE], **changes})


@pytest.mark.parametrize("changes", [{"version": 7}, {"extensions": [CA_FALSE, UNKNOWN_NAME]}])
def test_one_that_other_readers_may_take_for_a_ca(changes: dict[str, Any]) -> None:
    (warning,) = certificate_warnings(read_certificate(ContentFile(self_signed(**changes))))
    assert "may issue others" in warning


def test_one_that_is_not_a_ca() -> None:
    assert certificate_warnings(read_certificate(ContentFile(self_signed()))) == []
