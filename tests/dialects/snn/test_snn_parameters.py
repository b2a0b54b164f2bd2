"""Parameters inline and in files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from safetensors.numpy import save_file
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError, VerifyException

from e3ne.dialects.external import content_hash
from e3ne.dialects.parameter import signed_width
from e3ne.dialects.snn import SNN, ExternalAttr, ParameterOp, externalise, parameter_array
from e3ne.errors import E3neError

Parse = Callable[..., ModuleOp]


def read(text: str, name: str = "<test>") -> ModuleOp:
    context = Context()
    context.load_dialect(Builtin)
    context.load_dialect(SNN)
    return Parser(context, text, name).parse_module()


def first(module: ModuleOp) -> ParameterOp:
    op = module.body.block.first_op
    assert isinstance(op, ParameterOp)
    return op


def test_large_integral_real_numbers_survive_printing() -> None:
    array = np.array([123456789.0, -16777215.0, 999999.0, 1e30], np.float32)
    assert np.array_equal(first(read(str(ModuleOp([ParameterOp("p", array)])))).array, array)


shapes = st.lists(st.integers(1, 6), min_size=1, max_size=4).map(tuple)


@given(arrays(np.float32, shapes, elements=st.floats(width=32, allow_nan=False, allow_infinity=False)))
def test_real_numbers_survive_printing(array: np.ndarray) -> None:
    again = first(read(str(ModuleOp([ParameterOp("p", array)]))))
    again.verify()
    assert again.array.dtype == np.float32
    assert np.array_equal(again.array, array)


@given(arrays(np.int32, shapes, elements=st.integers(-(2**31), 2**31 - 1)))
def test_integers_survive_printing(array: np.ndarray) -> None:
    op = ParameterOp("p", array)
    again = first(read(str(ModuleOp([op]))))
    again.verify()
    assert np.array_equal(again.array, array)
    assert again.array.dtype == op.array.dtype
    assert again.bits == signed_width(array)


@pytest.mark.parametrize(
    ("values", "width"), [([0], 1), ([-1], 1), ([1], 2), ([-4, 3], 3), ([4], 4), ([127], 8), ([-129], 9)]
)
def test_signed_width(values: list[int], width: int) -> None:
    assert signed_width(np.array(values)) == width


def test_container_follows_the_width() -> None:
    assert ParameterOp("p", np.array([1, -2]), 3).array.dtype == np.int8
    assert ParameterOp("p", np.array([1, -2]), 9).array.dtype == np.int16
    assert ParameterOp("p", np.array([1, -2]), 17).array.dtype == np.int32
    with pytest.raises(E3neError, match="@p needs 4 bits, but its width is 3"):
        ParameterOp("p", np.array([4]), 3)
    with pytest.raises(E3neError, match="cannot have a width"):
        ParameterOp("p", np.array([4.0]), 3)


@pytest.fixture
def module() -> ModuleOp:
    generator = np.random.default_rng(1)
    return ModuleOp(
        [
            ParameterOp("big", generator.integers(-4, 4, (6, 1, 5, 5)), 3),
            ParameterOp("real", generator.normal(size=(5, 20))),
            ParameterOp("small", np.arange(64)),
        ]
    )


def test_externalise_round_trips(module: ModuleOp, tmp_path: Path) -> None:
    external = externalise(module, tmp_path, "net")
    file = tmp_path / "net.mlir"
    file.write_text(str(external))
    assert len(file.read_text()) < 1000
    again = read(file.read_text(), str(file))
    again.verify()
    assert again.is_structurally_equivalent(external)
    assert str(again) == file.read_text()
    for before, after in zip(module.ops, again.ops, strict=True):
        assert isinstance(before, ParameterOp)
        assert isinstance(after, ParameterOp)
        assert isinstance(after.value, ExternalAttr) == (before.array.size > 64)
        assert np.array_equal(parameter_array(before), parameter_array(after))
        assert before.bits == after.bits


def test_externalise_leaves_its_input_alone(module: ModuleOp, tmp_path: Path) -> None:
    before = str(module)
    externalise(module, tmp_path, "net")
    assert str(module) == before


def test_text_without_file_is_relative_to_the_current_folder(
    module: ModuleOp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = str(externalise(module, tmp_path, "net"))
    monkeypatch.chdir(tmp_path)
    read(text, "<stdin>").verify()


def line(file: str, key: str = "k", sha: str = "", kind: str = "tensor<3xi8> {width = 3}") -> str:
    return f'builtin.module {{ snn.parameter @p : {kind} = #snn.external<"{file}", "{key}", "{sha}"> }}'


def test_external_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    array = np.array([1, 2, 3], np.int8)
    sha = content_hash(array.tobytes())
    save_file({"k": array, "double": array.astype(np.float64)}, tmp_path / "a.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(b"nonsense")
    read(line("a.safetensors", sha=sha)).verify()
    for text, message in [
        (line("/a.safetensors"), "must be a relative path"),
        (line("C:/a.safetensors"), "must be a relative path"),
        (line("b/../../a.safetensors"), "must not leave the folder"),
        (line("missing.safetensors"), "'missing.safetensors' does not exist"),
        (line("broken.safetensors"), "tensor 'k' of parameter file 'broken.safetensors' cannot be read"),
        (line("a.safetensors", "other"), "has no tensor 'other'"),
        (line("a.safetensors", "double"), "int8, int16, int32 or float32, not float64"),
        (line("a.safetensors", sha="00"), f"its SHA-256 is {sha}, not 00"),
        (line("a.safetensors", sha=sha, kind="tensor<4xi8> {width = 3}"), "is tensor<3xi8>, not tensor<4xi8>"),
        (line("a.safetensors", sha=sha, kind="tensor<3xi16> {width = 3}"), "is tensor<3xi8>, not tensor<3xi16>"),
        ('builtin.module { snn.parameter @p : tensor<3xi8> = #snn.external<"a"> }', "expected <"),
    ]:
        with pytest.raises(ParseError, match=message):
            read(text)


def test_generic_text_is_checked_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    array = np.array([1, 2, 3], np.int8)
    save_file({"k": array}, tmp_path / "a.safetensors")
    value = f'#snn.external<"a.safetensors", "k", "{content_hash(array.tobytes())}">'
    text = f'"builtin.module"() ({{ "snn.parameter"() <{{sym_name = "p", type = tensor<4xi8>, width = 3, value = {value}}}> : () -> () }}) : () -> ()'  # noqa: E501
    with pytest.raises(VerifyException, match=r"tensor 'k' of 'a.safetensors' is tensor<3xi8>, not tensor<4xi8>"):
        read(text).verify()
