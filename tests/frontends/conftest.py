"""Where `E3NE_REQUIRE_LIBRARIES` is 1, a test that needs a library which is not there fails: it is not skipped."""

from __future__ import annotations

import os

import pytest

REQUIRED = "E3NE_REQUIRE_LIBRARIES"

_or_skip = pytest.importorskip


def import_or_fail(name: str, minversion: str | None = None, reason: str | None = None) -> object:
    """The module; the test, or the collection of the test file, fails without it."""
    try:
        return _or_skip(name, minversion, reason)
    except pytest.skip.Exception as error:
        pytest.fail(f"{error} ({REQUIRED} is 1)", pytrace=False)


if os.environ.get(REQUIRED) == "1":
    pytest.importorskip = import_or_fail
