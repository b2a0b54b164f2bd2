"""Text tests: `lit tests/filecheck`. The name `config` is given by lit."""
# ruff: noqa: F821

import sys
from pathlib import Path

import lit.formats

config.name = "e3ne"
config.test_source_root = str(Path(__file__).parent)
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
# The checkout that the tests belong to, as in pytest, whichever one is installed.
config.environment["PYTHONPATH"] = str(Path(__file__).parents[2])
config.substitutions += [
    (r"\be3ne-opt\b", f'"{sys.executable}" -c "from e3ne.opt import main; main()"'),
    (r"\bfilecheck\b", f'"{sys.executable}" -m filecheck'),
]
