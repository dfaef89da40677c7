"""One trusted certificate in a file of its own.

An HTTP client reads every trusted certificate when it is made, also when it will only ever talk to loopback, where
there is no TLS. Of a run that makes thousands of clients that was half the time.
"""

import atexit
import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

VARIABLE: Final = "SSL_CERT_FILE"


@contextmanager
def one_certificate() -> Iterator[None]:
    """The span in which a client that is made reads a single certificate; for clients of a server on loopback."""
    before, file = os.environ.get(VARIABLE), _file()
    if file:
        os.environ[VARIABLE] = file
    try:
        yield
    finally:
        if before is not None:
            os.environ[VARIABLE] = before
        elif file:
            del os.environ[VARIABLE]


@cache
def _file() -> str | None:
    """The path of the file; None where this system shows no certificate."""
    found = ssl.create_default_context().get_ca_certs(binary_form=True)
    if not found:
        return None
    descriptor, path = tempfile.mkstemp(suffix=".pem")
    atexit.register(Path(path).unlink, missing_ok=True)
    with os.fdopen(descriptor, "w") as file:
        file.write(ssl.DER_cert_to_PEM_cert(found[0]))
    return path
