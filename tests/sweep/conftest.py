"""What all sweeps share."""

from collections.abc import Iterator

import pytest

from conformance.certificates import one_certificate


@pytest.fixture(autouse=True, scope="package")
def _quick() -> Iterator[None]:
    """A life is lived thousands of times, and its clients would read every certificate of the machine each time."""
    with one_certificate():
        yield
