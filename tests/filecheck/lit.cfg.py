"""Text tests: `lit tests/filecheck`."""

import sys
from pathlib import Path

import lit.formats
from lit.TestingConfig import TestingConfig

config: TestingConfig  # noqa: F821 (given by lit)

config.name = "e3ne"
config.test_source_root = str(Path(__file__).parent)
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
config.substitutions += [
    (r"\be3ne-opt\b", f'"{sys.executable}" -c "from e3ne.opt import main; main()"'),
    (r"\bfilecheck\b", f'"{sys.executable}" -m filecheck'),
]
