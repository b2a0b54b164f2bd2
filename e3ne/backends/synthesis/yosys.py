"""Synthesise Verilog with Yosys, in a process of its own, and count what comes out."""

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

from e3ne.backends.synthesis.cells import Family, Resources, count_cells
from e3ne.backends.synthesis.worker import Request, Result
from e3ne.errors import E3neError

__all__ = [
    "Family",
    "Resources",
    "synthesise",
    "synthesise_apart",
    "synthesise_modules",
    "write_netlist",
    "write_verilog_netlist",
]

_WRAPPER = "e3ne_all_modules"


def synthesise(verilog_dir: Path, top: str, family: Family, *, flatten: bool = True) -> Resources:
    """What the design in the `.v` files of a folder occupies on a device family, with `top` as its top module.

    No pads and no clock buffers are inserted. With `flatten` Yosys optimises across modules. Raises E3neError without
    pyosys, if Yosys refuses the design, and on a cell whose size is not known.
    """
    return synthesise_modules(verilog_dir, [top], family, flatten=flatten, processes=1)[top]


def synthesise_modules(
    verilog_dir: Path, modules: Sequence[str], family: Family, *, flatten: bool = True, processes: int = 2
) -> dict[str, Resources]:
    """What each of some modules occupies alone, as a top module; in the order given. Errors as in `synthesise`."""
    files = _verilog(verilog_dir)
    shares = [share for share in (list(modules[start::processes]) for start in range(processes)) if share]
    command = _command(family, flatten)
    requests = [Request(files=files, tops=share, commands=[command]) for share in shares]
    cells: Result = {}
    with ThreadPoolExecutor(processes) as pool:
        for result in pool.map(_run_worker, requests):
            cells |= result
    return {module: count_cells(cells[module], module, family) for module in modules}


def synthesise_apart(verilog_dir: Path, modules: Sequence[str], family: Family) -> dict[str, Resources]:
    """What each of some modules without instances occupies; in the order given. Errors as in `synthesise`.

    As `synthesise_modules`, but in one synthesis, of a module that instantiates them all and is not flattened: many
    times faster for many small modules, since libraries are read once.
    """
    with tempfile.TemporaryDirectory(prefix="e3ne-") as folder:
        instances = "".join(f"  (* keep *) {module} {module}_instance ();\n" for module in modules)
        wrapper = Path(folder, f"{_WRAPPER}.v")
        wrapper.write_text(f"module {_WRAPPER} ();\n{instances}endmodule\n", encoding="utf-8")
        files = [*_verilog(verilog_dir), str(wrapper)]
        cells = _run_worker(Request(files=files, tops=[_WRAPPER], commands=[_command(family, flatten=False)]))
    return {module: count_cells(cells[_WRAPPER], module, family) for module in modules}


def write_netlist(verilog_dir: Path, more: Sequence[Path], top: str, family: Family, netlist: Path) -> None:
    """Writes the flattened cells of a design as Yosys JSON; `more` are Verilog files beside those of the folder.

    Errors as in `synthesise`.
    """
    files = [*_verilog(verilog_dir), *(str(path.resolve()) for path in more)]
    _run_worker(Request(files=files, tops=[top], commands=[_command(family, True), f'write_json "{netlist}"']))


def write_verilog_netlist(
    verilog_dir: Path, top: str, family: Family, netlist: Path, kept: Sequence[str] = ()
) -> dict[str, dict[str, int]]:
    """Writes the flattened cells of a design as Verilog, and returns the number of cells of each type by module.

    `kept` modules stay, each with its own cells. Errors as in `synthesise`.
    """
    keep = [f"setattr -mod -set keep_hierarchy 1 {' '.join(kept)}"] if kept else []
    commands = [*keep, _command(family, True), f'write_verilog -noattr "{netlist}"']
    return _run_worker(Request(files=_verilog(verilog_dir), tops=[top], commands=commands))[top]


def _verilog(folder: Path) -> list[str]:
    files = [str(path) for path in sorted(folder.resolve().glob("*.v"))]
    if not files:
        raise E3neError(f"no Verilog (.v) in {folder}")
    if importlib.util.find_spec("pyosys") is None:
        raise E3neError("Yosys not found: install it with pip install 'e3ne[synth]'")
    return files


def _command(family: Family, flatten: bool) -> str:
    if family == "ecp5":
        return "synth_ecp5 -noiopad -top {top}" + ("" if flatten else " -noflatten")
    return f"synth_xilinx -family {family} -noiopad -noclkbuf -top {{top}}" + (" -flatten" if flatten else "")


def _run_worker(request: Request) -> Result:
    with tempfile.TemporaryDirectory(prefix="e3ne-") as temporary:
        request_file, result_file = Path(temporary, "request.json"), Path(temporary, "result.json")
        request_file.write_text(json.dumps(request), encoding="utf-8")
        command = [sys.executable, "-m", "e3ne.backends.synthesis.worker", str(request_file), str(result_file)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        if done.returncode != 0 or not result_file.exists():
            lines = done.stdout.strip().splitlines()
            errors = [line for line in lines if "ERROR" in line] or lines[-3:]
            raise E3neError("\n".join(["Yosys failed:", *errors[:10]]))
        return cast(Result, json.loads(result_file.read_text(encoding="utf-8")))
