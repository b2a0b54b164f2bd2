"""`make interop` runs what needs libraries: a test that is skipped there has failed."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.frontends.conftest import REQUIRED, import_or_fail


def test_a_library_that_is_not_there() -> None:
    with pytest.raises(pytest.fail.Exception, match=f"could not import 'no_such_library'.*{REQUIRED} is 1"):
        import_or_fail("no_such_library")
    assert import_or_fail("json") is json


@pytest.mark.parametrize(("value", "name"), [("1", "Failed"), ("0", "Skipped"), (None, "Skipped")])
def test_the_variable_decides(value: str | None, name: str) -> None:
    code = "import pytest, tests.frontends.conftest; pytest.importorskip('no_such_library')"
    environment = {key: held for key, held in os.environ.items() if key != REQUIRED}
    if value is not None:
        environment[REQUIRED] = value
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert f"{name}: could not import 'no_such_library'" in run.stderr.splitlines()[-1]
