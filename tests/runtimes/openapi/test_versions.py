"""Which documents are read as OpenAPI, by the version that they state."""

from __future__ import annotations

import pytest

from runtimes.documents import parse_document
from runtimes.openapi.document import Description, UnreadableDescription


@pytest.mark.parametrize(
    ("stated", "minor"),
    [
        ("openapi: 3.0", 0),
        ("openapi: 3.1", 1),
        ("openapi: 3.2", 2),
        ("openapi: 3.1.0", 1),
        ("openapi: '3.0'", 0),
        ("swagger: 2.0", 0),
        ("swagger: '2.0'", 0),
        ('{"openapi": 3.1, "paths": {}}', 1),
    ],
)
def test_a_version_without_quotes_is_the_number_that_it_looks_like(stated: str, minor: int) -> None:
    description = Description(parse_document(stated.encode(), "openapi"), "")
    assert description.minor_version == minor


@pytest.mark.parametrize("stated", ["openapi: 4.0", "openapi: 30", "openapi: true", "openapi: 1.e5", "swagger: 1.2"])
def test_another_number_is_no_version_that_is_read(stated: str) -> None:
    with pytest.raises(UnreadableDescription, match=r"OpenAPI 3\.x"):
        Description(parse_document(stated.encode(), "openapi"), "")
