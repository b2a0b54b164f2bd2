"""The process in which Yosys reads a module: `python -m e3ne.verification.formal.yosys FILE.v TOP OUT.json`.

Yosys ends the process that loads it on an error: hence one of its own.
"""

import importlib
import sys

READ = (
    'read_verilog -formal -sv "{file}"',
    "hierarchy -check -top {top}",
    "proc",
    "flatten",
    "check -assert",
    "opt_expr",
    "memory_collect",
    "memory_map",
    "opt_clean",
    "dffunmap",
    "simplemap",
    "techmap",
    'write_json "{out}"',
)
"""To simple gates, and registers without enable or reset; memories become registers, or constants."""


def main() -> None:
    """Runs the commands."""
    file, top, out = sys.argv[1:4]
    library = importlib.import_module("pyosys.libyosys")
    design = library.Design()
    for command in READ:
        library.run_pass(command.format(file=file, top=top, out=out), design)


if __name__ == "__main__":
    main()
