"""What a user may name as a model: a reference network, `file.py:factory`, or a file of another kind."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp

from e3ne.dialects.snn import SNN, find_network, shape_of
from e3ne.errors import E3neError
from e3ne.frontends.spiking.module import LIBRARIES
from e3ne.frontends.structure import is_spiking, spiking_problems, structure_problems
from e3ne.module_text import parse_text, read_text

if TYPE_CHECKING:
    from types import ModuleType

    from torch import nn

MOST_SHOWN = 500
"""Characters of the text of an error."""
FORMS = "a name from 'e3ne models', 'file.py:factory', a '.pt2', '.onnx', '.nir' or '.mlir' file"


def load_model(spec: str, input_shape: tuple[int, int, int] | None, dialect: str = "") -> ModuleOp:
    """The float form of the model that `spec` names; `dialect` is the library that a `.nir` file comes from.

    `input_shape` is (C, H, W) of one image; it is needed for `file.py:factory` only (a reference network and a file
    know their own, and a different one is refused). Raises `E3neError` with one message for whatever is wrong.
    """
    if dialect and Path(spec).suffix != ".nir":
        raise E3neError(f"--dialect {dialect}: only .nir files need one; model '{spec}' tells itself what it is")
    file, separator, factory = spec.rpartition(":")
    if separator and file.endswith(".py"):
        if input_shape is None:
            raise E3neError(f"model '{spec}': the shape of an image is needed (--input-shape C,H,W, or --data)")
        return _from_torch(_call_factory(Path(file), factory), input_shape, Path(file).stem)
    match Path(spec).suffix:
        case ".pt2":
            return _checked(_from_pt2(Path(spec)), spec, input_shape)
        case ".onnx":
            return _checked(_from_onnx(Path(spec)), spec, input_shape)
        case ".nir":
            return _checked(_from_nir(Path(spec), dialect), spec, input_shape)
        case ".mlir":
            return _checked(_from_mlir(Path(spec)), spec, input_shape)
        case ".py":
            raise E3neError(f"model '{spec}': name the function that makes the network, as in '{spec}:make_network'")
        case _:
            return _checked(_from_zoo(spec), spec, input_shape)


def _from_zoo(name: str) -> ModuleOp:
    from e3ne.models import zoo

    try:
        entry = zoo.get(name)
    except E3neError as error:
        raise E3neError(f"{error} (a model is {FORMS})") from error
    return _from_torch(zoo.load(name), entry.input_shape, name)


def _from_torch(model: nn.Module, shape: tuple[int, int, int], name: str) -> ModuleOp:
    from e3ne.frontends.torch_export import import_module

    return import_module(model, shape, name)


def _call_factory(file: Path, factory: str) -> nn.Module:
    _require_torch()
    from torch import nn

    if not file.is_file():
        raise E3neError(f"model file '{file}' does not exist")
    module = _run_file(file)
    make: object = getattr(module, factory, None)
    if make is None:
        raise E3neError(f"model file '{file}' has no function '{factory}'")
    if not callable(make):
        raise E3neError(f"'{factory}' in model file '{file}' is not a function but {type(make).__name__}")
    try:
        model: object = make()
    except SystemExit as error:
        raise E3neError(f"function '{factory}' of model file '{file}' ended the program") from error
    except Exception as error:
        # user code: whatever it raises
        _require_library(error, file)
        raise E3neError(f"function '{factory}' of model file '{file}' failed: {_text(error)}") from error
    if not isinstance(model, nn.Module):
        raise E3neError(
            f"function '{factory}' of model file '{file}' must return a torch.nn.Module, not {type(model).__name__}"
        )
    return model


def _run_file(file: Path) -> ModuleType:
    # a name of its own, so that 'torch.py' or 'json.py' of a user hides nothing
    spec = importlib.util.spec_from_file_location(f"e3ne_user_model_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise E3neError(f"model file '{file}' cannot be loaded as Python")
    module = importlib.util.module_from_spec(spec)
    folder = str(file.resolve().parent)
    sys.path.insert(0, folder)
    try:
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    except Exception as error:
        sys.modules.pop(spec.name, None)
        _require_library(error, file)
        raise E3neError(f"model file '{file}' failed: {_text(error)}") from error
    except SystemExit as error:
        raise E3neError(f"model file '{file}' ended the program when it was loaded") from error
    finally:
        sys.path.remove(folder)
    return module


def _from_pt2(file: Path) -> ModuleOp:
    _require_torch()
    from e3ne.frontends.pt2_file import load_program
    from e3ne.frontends.torch_export import import_exported

    program = load_program(file)
    try:
        return import_exported(program, file.stem)
    except E3neError as error:
        raise E3neError(f"model file '{file}': {error}") from error


def _from_nir(file: Path, dialect: str) -> ModuleOp:
    from e3ne.frontends.spiking.lower import lower
    from e3ne.frontends.spiking.nir_file import read_nir

    network = read_nir(file, dialect or None)
    try:
        return lower(network)
    except E3neError as error:
        raise E3neError(f"NIR file '{file}': {error}") from error


def _from_onnx(file: Path) -> ModuleOp:
    from e3ne.frontends.onnx.read import read_onnx

    return read_onnx(file)


def _from_mlir(file: Path) -> ModuleOp:
    if not file.exists():
        raise E3neError(f"model file '{file}' does not exist")
    context = Context()
    context.load_dialect(Builtin)
    context.load_dialect(SNN)
    try:
        return parse_text(read_text(file), str(file), context)
    except E3neError as error:
        raise E3neError(f"model file '{file}' is not valid: {error}") from error


def _checked(module: ModuleOp, spec: str, input_shape: tuple[int, int, int] | None) -> ModuleOp:
    network = find_network(module)
    shape = shape_of(network.image.type)
    if len(shape) != 3 or any(size < 1 for size in shape):
        raise E3neError(f"model '{spec}' takes {shape}; images are C×H×W, each of them 1 or more")
    if input_shape is not None and shape != input_shape:
        raise E3neError(f"model '{spec}' takes images of {shape}, not of {input_shape}")
    if any(op.is_integer for op in network.layers()):
        if is_spiking(network):
            raise E3neError(
                f"model '{spec}' has integrate-and-fire neurons of integers; supported is their float form, as in "
                "ir/00-float.mlir of a compilation"
            )
        return module
    if problems := spiking_problems(network) if is_spiking(network) else structure_problems(network):
        lines = "\n".join(f"  - {problem}" for problem in problems)
        raise E3neError(f"network '{network.sym_name.data}' cannot be compiled:\n{lines}")
    return module


def _require_torch() -> None:
    if importlib.util.find_spec("torch") is None:
        raise E3neError("PyTorch is needed for this model: pip install 'e3ne[torch]'")


def _require_library(error: Exception, file: Path) -> None:
    """Says how to get a spiking library if the lack of it is what a user's file failed for."""
    if isinstance(error, ModuleNotFoundError) and error.name in LIBRARIES:
        raise E3neError(f"model file '{file}' needs {error.name}: pip install {error.name}") from error


def _text(error: BaseException) -> str:
    """The kind of an error and the first line of its text."""
    try:
        first = next(iter(str(error).splitlines()), "")[:MOST_SHOWN]
    except Exception:
        # an error of the user's own, which cannot even say what it is
        first = ""
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
