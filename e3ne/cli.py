"""`e3ne`: the user's command."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import NoReturn, cast

from e3ne.devices.families import FAMILIES
from e3ne.errors import INTERRUPTED, E3neError
from e3ne.options import ROUTED_CLOCK_MHZ, Options

DIFFERENCE = 1
MISTAKE = 2


class _Parser(argparse.ArgumentParser):
    """Says what is wrong without the whole usage."""

    def error(self, message: str) -> NoReturn:
        """Exits with status 2 and one message."""
        self.exit(MISTAKE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status: 0, 1 for a difference between levels, 2 for a user's mistake,
    130 when it was interrupted by Ctrl-C.
    """
    try:
        return _run(arguments)
    finally:
        if arguments is None:
            # All is done and told: while Python takes itself down, an interrupt would kill it without a word.
            signal.signal(signal.SIGINT, signal.SIG_IGN)


def _run(arguments: Sequence[str] | None) -> int:
    # A module has some 100,000 objects, hardly any of them garbage: looking for cycles took a sixth of the time.
    gc.set_threshold(500_000)
    # What libraries log about a user's mistake is said in our own words.
    logging.disable(logging.ERROR)
    try:
        options = _parser().parse_args(arguments)
        command: Callable[[argparse.Namespace], int] = options.run
        return command(options)
    except E3neError as error:
        return _tell(str(error), MISTAKE)
    except BrokenPipeError:
        # Whoever read the output has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        # A full disk, or a file that went away: whoever uses files of their own says what for.
        return _tell(": ".join(str(part) for part in (error.filename, error.strerror or error) if part), MISTAKE)
    except MemoryError:
        return _tell("there is not enough memory for this model and these data", MISTAKE)
    except KeyboardInterrupt:
        return _tell("interrupted", INTERRUPTED)


def _tell(message: str, status: int) -> int:
    sys.stderr.write(f"e3ne: {message}\n")
    return status


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="e3ne", description="From trained spiking networks to exact FPGA accelerators.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    _add_compile(commands)
    for name, run, text in (
        ("check", "check", "compare all levels: integer network = cycle model = Verilog"),
        ("simulate", "simulate", "run a design on images"),
        ("toggles", "toggles", "count the toggles of a design's signals on images, unit by unit"),
        ("synth", "synth", "synthesise a design with Yosys"),
        ("report", "show", "print the report of a design"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("out", type=Path, metavar="OUT", help="the folder that e3ne compile wrote")
        command.set_defaults(run=_lazily(run))
        _ARGUMENTS[name](command)
    text = "the designs of a model that no other one beats in accuracy, latency, interval, LUTs and energy"
    command = commands.add_parser("explore", help=text, description=text)
    _explore_arguments(command)
    command.set_defaults(run=_lazily("explore"))
    text = "accuracy, spikes and synaptic operations of a model in each encoding, against time steps"
    command = commands.add_parser("compare", help=text, description=text)
    _compare_arguments(command)
    command.set_defaults(run=_lazily("compare"))
    text = "fit the cost formulas of a device family to synthesis"
    command = commands.add_parser("calibrate", help=text, description=text)
    _calibrate_arguments(command)
    command.set_defaults(run=_lazily("calibrate"))
    text = "check the compiler itself: random networks through all levels, down to the simulated Verilog"
    command = commands.add_parser("fuzz", help=text, description=text)
    _fuzz_arguments(command)
    command.set_defaults(run=_lazily("fuzz"))
    for name, text in (("models", "the reference networks"), ("devices", "the FPGA parts")):
        commands.add_parser(name, help=text, description=text).set_defaults(run=_lazily(name))
    return parser


def _lazily(name: str) -> Callable[[argparse.Namespace], int]:
    """A command of e3ne.commands, imported when it runs: --help answers at once."""

    def run(options: argparse.Namespace) -> int:
        from e3ne import commands

        return getattr(commands, name)(options)

    return run


def _add_compile(commands: argparse._SubParsersAction[_Parser]) -> None:  # pyright: ignore[reportPrivateUsage]
    text = "compile a model to hardware"
    command = commands.add_parser("compile", help=text, description=text)
    _model_arguments(command)
    for option in fields(Options):
        assert option.default is not MISSING
        kind = cast("type[str] | type[int] | type[float]", type(option.default))
        command.add_argument(
            f"--{option.name.replace('_', '-')}",
            type=kind,
            default=option.default,
            help=option.metadata["help"]
            + (f" (default {option.default})" if option.default != "" else "")
            + (f"; one of {', '.join(option.metadata['choices'])}" if "choices" in option.metadata else ""),
        )
    command.set_defaults(run=_lazily("compile_command"))


_ANY_MODEL = "from e3ne models, file.py:factory, .pt2, .onnx, .nir or .mlir"
_RELU_MODEL = "a network of ReLUs: from e3ne models, file.py:factory, .pt2, .onnx or .mlir"
_ANY_DATA = "images or spikes: .npy, or .npz with x or events, and optional y"
_RELU_DATA = "images: .npy, or .npz with x and optional y"


def _model_arguments(
    command: argparse.ArgumentParser, *, out: bool = True, model: str = _ANY_MODEL, data: str = _ANY_DATA
) -> None:
    command.add_argument("model", metavar="MODEL", help=model)
    command.add_argument("-o", "--output-folder", type=Path, required=out, metavar="OUT", help="where results go")
    command.add_argument("--data", type=Path, help=data)
    command.add_argument(
        "--test-data",
        type=Path,
        help="images to measure accuracy with (default: those of --data, or a reference network's test digits)",
    )
    command.add_argument("--input-shape", help="C,H,W of an image, when there is no --data: random images are drawn")


def _explore_arguments(command: argparse.ArgumentParser) -> None:
    _model_arguments(command, model=_RELU_MODEL, data=_RELU_DATA)
    command.add_argument("--minutes", type=_positive, default=20, help="time that it may take (default 20)")
    command.add_argument("--steps", default="2,3,4", help="numbers T of time steps to try (default 2,3,4)")
    command.add_argument("--weight-bits", default="2,3,4", help="bits W of a weight to try (default 2,3,4)")
    command.add_argument(
        "--accuracy-floor",
        type=float,
        metavar="PERCENT",
        help="accuracy that mixed precision keeps (default 0.5 below the float network)",
    )
    command.add_argument(
        "--device", default=Options().device, help="FPGA part that the designs fit in (default %(default)s)"
    )


def _compare_arguments(command: argparse.ArgumentParser) -> None:
    _model_arguments(command, out=False, model=_RELU_MODEL, data=_RELU_DATA)
    command.add_argument(
        "--encodings",
        default="radix,rate,phase,ttfs,ttfs-linear,bipolar,direct",
        help="encodings to compare (default %(default)s)",
    )
    command.add_argument("--steps", default="2,3,4,8,16,32", help="time steps T to try (default %(default)s)")
    command.add_argument("--weight-bits", type=int, default=4, help="bits W of a weight (default 4)")
    command.add_argument(
        "--period", type=int, default=Options().period, help="steps of a period of phase (default %(default)s)"
    )


_CHECKED_DATA = (
    "images: .npy, or .npz with x (default: a reference network's test digits, else the images of the calibration)"
)


def _check_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--count", type=_positive, default=20, help="images for the Verilog (default 20)")
    command.add_argument(
        "--model-count",
        type=_positive,
        default=2000,
        help="images for the cycle model (default 2000, or all there are)",
    )
    command.add_argument("--data", type=Path, help=_CHECKED_DATA)


def _simulate_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--engine", choices=("snn", "cycles", "verilog"), default="cycles", help="what runs the design"
    )
    command.add_argument("--data", type=Path, help="images: .npy, or .npz with x and optional y")
    command.add_argument("--count", type=_positive, default=16, help="how many images (default 16)")


def _toggles_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--count", type=_positive, default=8, help="how many images (default 8)")
    command.add_argument("--data", type=Path, help=_CHECKED_DATA)


def _synth_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--family", choices=FAMILIES, help="device family (default xcup, with --place-and-route ecp5)")
    command.add_argument("--units", action="store_true", help="also synthesise each unit alone")
    command.add_argument(
        "--place-and-route", action="store_true", help="also place and route the design (ecp5), for its clock"
    )
    command.add_argument(
        "--device",
        choices=("ecp5-25", "ecp5-45", "ecp5-85"),
        help="part to place and route on (default that of the compilation if it is one of these, else ecp5-85)",
    )
    command.add_argument(
        "--clock",
        type=_positive,
        metavar="MHZ",
        help=f"clock that place and route aims at (default {ROUTED_CLOCK_MHZ})",
    )
    command.add_argument("--attempts", type=_positive, help="placements to try until the clock is reached (default 1)")


def _calibrate_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--family", choices=FAMILIES, required=True, help="device family")
    command.add_argument("--samples", type=_positive, default=300, help="units to synthesise (default 300)")
    command.add_argument("--seed", type=int, default=0, help="what the units are drawn with (default 0)")
    command.add_argument(
        "-o", "--output-folder", type=Path, metavar="DIR", help="where the data go (default: where e3ne reads them)"
    )


def _fuzz_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--count", type=_positive, default=100, help="how many networks (default 100)")
    command.add_argument("--seed", type=int, default=0, help="what they are drawn with (default 0)")
    command.add_argument("--batch", type=_positive, default=12, help="networks in one simulator (default 12)")
    command.add_argument("--jobs", type=_positive, default=2, help="processes (default 2)")
    command.add_argument(
        "-o",
        "--output-folder",
        type=Path,
        default=Path("build/fuzz"),
        metavar="DIR",
        help="where networks that fail are written, each made small (default build/fuzz)",
    )
    command.add_argument("--json", type=Path, metavar="PATH", help="write the table to this file, too")
    command.add_argument(
        "--replay", type=Path, metavar="DIR", help="run one of these folders again; exit status 0 if nothing differs"
    )


def _no_arguments(command: argparse.ArgumentParser) -> None:
    del command


_ARGUMENTS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "check": _check_arguments,
    "simulate": _simulate_arguments,
    "toggles": _toggles_arguments,
    "synth": _synth_arguments,
    "report": _no_arguments,
}


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return number


if __name__ == "__main__":
    sys.exit(main())
