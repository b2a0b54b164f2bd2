"""`e3ne-opt`: the researcher's command. Reads IR text, applies passes, prints IR or a target's text.

xDSL's driver as it is: dialects, passes and targets come through the entry point of `e3ne.universe`. What is added is
that a mistake of the user's is answered by one message and exit status 2, and `--verify-semantics`, which executes the
module before and after each pass and ends with status 1 where a pass changes a result.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import IO, ClassVar, cast

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.arg_spec import parse_spec
from xdsl.utils.exceptions import ArgSpecParseError, DiagnosticException, ParseError, PassFailedException
from xdsl.utils.target import Target
from xdsl.xdsl_opt_main import xDSLOptMain

from e3ne.errors import INTERRUPTED, E3neError, ResultsChangedError
from e3ne.module_text import check_text

VERIFY = "--verify-semantics"
INPUTS = 8
MOST_INPUTS = 1 << 20
USER_ERRORS = (E3neError, ParseError, ArgSpecParseError, DiagnosticException, OSError)
"""What is shown as a message, without a traceback."""


class E3neOptMain(xDSLOptMain):
    """xDSL's driver with errors by users told apart from errors of the program.

    `__init__` and `run` raise one of `USER_ERRORS` for the former.
    """

    version_format: ClassVar[str] = "e3ne-opt built from xdsl version {xdsl_version}"

    def __init__(self, description: str, args: Sequence[str] | None = None) -> None:
        """`args` are those of the command line unless given."""
        given = sys.argv[1:] if args is None else args
        # The number is optional: without this it would be looked for in the next argument, the input.
        super().__init__(description, [f"{VERIFY}={INPUTS}" if each == VERIFY else each for each in given])

    def register_all_arguments(self, arg_parser: ArgumentParser) -> None:
        """Those of xDSL, and those of the verification by execution."""
        super().register_all_arguments(arg_parser)
        arg_parser.add_argument(
            VERIFY,
            type=_count,
            metavar="N",
            help=f"execute the module before and after each pass on N random inputs ({INPUTS} without a number)",
        )
        arg_parser.add_argument(
            "--reproducer",
            type=Path,
            default=Path("e3ne-reproducer"),
            metavar="FOLDER",
            help="where a pass that changes a result is written: both modules, the input, the command",
        )

    def setup_pipeline(self) -> None:
        """Makes the passes and the target, so that a wrong option of either is known before the input is read."""
        with _value_errors_are_user_errors(f"-p '{self.args.passes}'"):
            super().setup_pipeline()
        if self.args.verify_semantics is not None:
            self._verify_by_execution()
        with _value_errors_are_user_errors(f"-t '{self.args.target}'"):
            spec = parse_spec(self.args.target)
            target = cast(Callable[[], type[Target]], self.available_targets[spec.name])
            target().from_spec(spec)

    def _verify_by_execution(self) -> None:
        # Imported only here: what executes programs takes a second to load.
        from e3ne.verification.semantics.checker import PassChecker

        first = self.pipeline.callback
        check = PassChecker(
            self.args.verify_semantics, self.args.reproducer, lambda line: print(line, file=sys.stderr, flush=True)
        )

        def both(previous: ModulePass | None, module: ModuleOp, following: ModulePass | None) -> None:
            if first is not None:
                first(previous, module, following)
            check(previous, module, following)

        self.pipeline = replace(self.pipeline, callback=both)

    def prepare_input(self) -> tuple[list[tuple[IO[bytes], int]], str]:
        """Opens the input."""
        with _value_errors_are_user_errors(self.get_input_name()):
            return super().prepare_input()

    def parse_chunk(self, chunk: IO[bytes], file_extension: str, start_offset: int = 0) -> ModuleOp | None:
        """Parses a part of the input."""
        try:
            text = chunk.read()
            check_text(text.decode("utf-8"))
            return super().parse_chunk(BytesIO(text), file_extension, start_offset)
        except UnicodeDecodeError as error:
            raise E3neError(f"{self.get_input_name()} is not a text in UTF-8") from error
        except E3neError as error:
            raise E3neError(f"{self.get_input_name()}: {error}") from error
        except (RecursionError, MemoryError, OverflowError) as error:
            raise E3neError(f"{self.get_input_name()} cannot be parsed: {type(error).__name__}") from error

    def apply_passes(self, prog: ModuleOp) -> None:
        """Applies the passes."""
        with _refusals_are_diagnostics():
            super().apply_passes(prog)

    def output_resulting_program(self, prog: ModuleOp) -> str:
        """The text that the target makes of the module."""
        with _refusals_are_diagnostics():
            return super().output_resulting_program(prog)


@contextmanager
def _value_errors_are_user_errors(argument: str) -> Generator[None]:
    """That a pass, an option of it or a file extension is unknown xDSL says by ValueError."""
    try:
        yield
    except ValueError as error:
        raise E3neError(f"{argument}: {error}") from error


@contextmanager
def _refusals_are_diagnostics() -> Generator[None]:
    """What a pass or a target refuses is a diagnostic to xDSL, which `--verify-diagnostics` prints."""
    try:
        yield
    except E3neError as error:
        raise PassFailedException(str(error)) from error


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_INPUTS:
        raise ArgumentTypeError(f"{text} is not a number of inputs from 1 to {MOST_INPUTS}")
    return int(text)


def describe(error: BaseException) -> str:
    """The message for the user; a verifier's carries the whole module as a note, which is left out."""
    if isinstance(error, OSError) and error.strerror is not None:
        return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    return str(error)


def main() -> None:
    """The command; exit status 2 for a mistake of the user's."""
    try:
        E3neOptMain(description="e3ne's modular optimizer driver").run()
    except USER_ERRORS as error:
        print(f"e3ne-opt: {describe(error)}", file=sys.stderr)
        sys.exit(2)
    except ResultsChangedError as error:
        print(f"e3ne-opt: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("e3ne-opt: interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)
