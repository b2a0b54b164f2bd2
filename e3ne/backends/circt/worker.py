"""The script that the interpreter with CIRCT runs: `python worker.py REQUEST.json RESULT.jsonl`.

It imports nothing of e3ne's, and is of the Python that it is run by. Each design is reported as soon as it is done, so
that a crash of CIRCT's on one does not hide the others.
"""

import importlib
import io
import json
import sys
from pathlib import Path
from typing import Any, Literal, TypedDict, cast

PASSES = "builtin.module(hw.module(lower-seq-hlmem),lower-seq-to-sv,canonicalize)"
"""Memories and registers become SystemVerilog's; canonicalize removes the casts that initial values leave behind."""
OPTIONS = "locationInfoStyle=none"

Stage = Literal["given", "parsed", "verified", "lowered", "exported"]


class Request(TypedDict):
    """CIRCT's text of each design, by name."""

    designs: dict[str, str]


class Result(TypedDict):
    """How far a design came, what CIRCT said when it went no further, and the SystemVerilog if it came to the end."""

    name: str
    stage: Stage
    message: str
    verilog: str


def work(name: str, text: str) -> Result:
    """Parses, verifies, lowers and exports one design."""
    circt: Any = importlib.import_module("circt")
    ir: Any = importlib.import_module("circt.ir")
    manager: Any = importlib.import_module("circt.passmanager").PassManager
    stage: Stage = "given"
    try:
        with ir.Context() as context, ir.Location.unknown():
            circt.register_dialects(context)
            module = ir.Module.parse(text)
            stage = "parsed"
            if not module.operation.verify():
                raise ValueError("the module is not valid")
            stage = "verified"
            manager.parse(PASSES).run(module.operation)
            module.operation.attributes["circt.loweringOptions"] = ir.StringAttr.get(OPTIONS)
            stage = "lowered"
            output = io.StringIO()
            circt.export_verilog(module, output)
            return {"name": name, "stage": "exported", "message": "", "verilog": output.getvalue()}
    except (ir.MLIRError, ValueError) as error:
        return {"name": name, "stage": stage, "message": str(error), "verilog": ""}


def main() -> None:
    """Reads the request and works on its designs one after the other."""
    request = cast(Request, json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    with Path(sys.argv[2]).open("w", encoding="utf-8") as file:
        for name, text in request["designs"].items():
            file.write(json.dumps(work(name, text)) + "\n")
            file.flush()


if __name__ == "__main__":
    main()
