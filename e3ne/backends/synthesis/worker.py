"""The process that runs Yosys: `python -m e3ne.backends.synthesis.worker REQUEST.json RESULT.json`.

Yosys works inside the process that loads it, and ends that process on an error: hence one of its own.
"""

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict, cast


class Request(TypedDict):
    """What to do: read `files`, then for each of `tops` run `commands` (with `{top}` put in) on the design as read."""

    files: list[str]
    tops: list[str]
    commands: list[str]


class _Stat(TypedDict):
    modules: dict[str, dict[str, dict[str, int]]]


Result = dict[str, dict[str, dict[str, int]]]
"""For each top: the number of cells of each type in each module."""


def work(request: Request, folder: Path) -> Result:
    """Run Yosys as requested, with `folder` for its files."""
    run = _yosys()
    for file in request["files"]:
        run(f'read_verilog "{file}"')
    run("design -save read")
    result: Result = {}
    for top in request["tops"]:
        run("design -load read")
        for command in request["commands"]:
            run(command.format(top=top))
        stat_file = folder / "stat.json"
        run(f'tee -q -o "{stat_file}" stat -json')
        stat = cast(_Stat, json.loads(stat_file.read_text(encoding="utf-8")))
        result[top] = {name.removeprefix("\\"): module["num_cells_by_type"] for name, module in stat["modules"].items()}
    return result


def _yosys() -> Callable[[str], None]:
    """A function that runs one Yosys command on one design. Pyosys has no types, so it is taken by name."""
    library = importlib.import_module("pyosys.libyosys")
    design = library.Design()
    return lambda command: library.run_pass(command, design)


def main() -> None:
    """Read the request, work, write the result."""
    request_file, result_file = (Path(argument) for argument in sys.argv[1:3])
    request = cast(Request, json.loads(request_file.read_text(encoding="utf-8")))
    result_file.write_text(json.dumps(work(request, result_file.parent)), encoding="utf-8")


if __name__ == "__main__":
    main()
