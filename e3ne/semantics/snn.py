"""What snn programs mean: xDSL interpreter functions over NumPy batches, and the runners of the two forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import ModuleOp
from xdsl.interpreter import (
    Interpreter,
    InterpreterFunctions,
    PythonValues,
    ReturnedValues,
    impl,
    impl_terminator,
    register_impls,
)
from xdsl.ir import Operation

from e3ne.dialects.parameter import find_parameter
from e3ne.dialects.snn.base import LayerOp
from e3ne.dialects.snn.batch_norm import BatchNormOp
from e3ne.dialects.snn.encodings import RateAttr
from e3ne.dialects.snn.lif import LifOp
from e3ne.dialects.snn.network import ArgmaxOp, FlattenOp, NetworkOp, OutputOp, SumStepsOp, find_network
from e3ne.dialects.snn.neurons import EncodeOp, ReluOp, RequantizeOp
from e3ne.dialects.snn.pools import AveragePoolOp, MaxPoolOp, SumPoolOp
from e3ne.dialects.snn.synapses import Conv2dOp, LinearOp, SynapseOp
from e3ne.dialects.snn.types import MembraneType, TrainType, frames_of, shape_of
from e3ne.errors import E3neError
from e3ne.semantics import snn_arithmetic as arithmetic
from e3ne.semantics.snn_lif import LifRules

Array = npt.NDArray[np.generic]
Key = tuple[str, str]

_CHUNK_VALUES = 1 << 23
"""Images are run in chunks whose unfolded windows hold about so many numbers."""


@dataclass(frozen=True)
class NetworkRun:
    """What a network gave for a batch of N images."""

    outputs: tuple[Array, ...]
    """int64 membranes (N, scores), int32 classes (N, 1), or reals in the float form; N·T of what has T frames"""
    values: dict[Key, Array] = field(default_factory=dict[Key, Array])
    """with keep=True every intermediate by (layer, kind): trains as uint16 codes, membranes as int64, reals as given"""


@register_impls
class SnnFunctions(InterpreterFunctions):
    """One function per operation; a value is a batch: uint16 numbers of trains, int64 membranes, or real numbers.

    `frames` are the time steps of a spiking network in the float form, whose types do not tell; `given` by layer are
    spikes in the place of those that its neurons would emit.
    """

    def __init__(self, frames: int = 1, given: Mapping[str, Array] | None = None) -> None:
        super().__init__()
        self.frames, self.given = frames, given or {}

    def _steps(self, op: LayerOp) -> int:
        return frames_of(op.input.type) if isinstance(op.input.type, TrainType | MembraneType) else self.frames

    @impl(EncodeOp)
    def encode(self, interpreter: Interpreter, op: EncodeOp, args: PythonValues) -> PythonValues:
        """Images to codes; images of time steps to their spikes."""
        encoding = op.encoding
        if op.rate_coded is not None:
            spikes = arithmetic.rate_code(args[0], encoding.steps, encoding.greatest)
            return (spikes.reshape(-1, *spikes.shape[2:]),)
        if isinstance(encoding, RateAttr):
            return (arithmetic.take_spikes(args[0], encoding.greatest),)
        scale = None if op.scale is None else op.scale.value.data
        codes = arithmetic.encode_images(args[0], encoding.numbers, scale)
        return (codes.repeat(encoding.frames, axis=0),)

    @impl(Conv2dOp)
    def conv2d(self, interpreter: Interpreter, op: Conv2dOp, args: PythonValues) -> PythonValues:
        """Codes to membranes, or reals to reals."""
        weights = op.weights_parameter.array
        if op.is_integer:
            result: Array = arithmetic.convolve_exact(_values(op, args[0]), weights, op.window, op.group_count)
        else:
            result = arithmetic.convolve(args[0], weights.astype(args[0].dtype), op.window, op.group_count)
        return (_add_bias(op, result),)

    @impl(LinearOp)
    def linear(self, interpreter: Interpreter, op: LinearOp, args: PythonValues) -> PythonValues:
        """Codes to membranes, or reals to reals."""
        weights = op.weights_parameter.array
        if op.is_integer:
            result: Array = arithmetic.multiply_exact(_values(op, args[0]), weights)
        else:
            result = np.matmul(args[0], weights.astype(args[0].dtype).T)
        return (_add_bias(op, result),)

    @impl(BatchNormOp)
    def batch_norm(self, interpreter: Interpreter, op: BatchNormOp, args: PythonValues) -> PythonValues:
        """Reals to reals."""
        scale, shift = normalisation(op)
        shape = (1, -1) + (1,) * (args[0].ndim - 2)
        kind = args[0].dtype
        return (args[0] * scale.reshape(shape).astype(kind) + shift.reshape(shape).astype(kind),)

    @impl(ReluOp)
    def relu(self, interpreter: Interpreter, op: ReluOp, args: PythonValues) -> PythonValues:
        """Reals to reals."""
        return (np.maximum(args[0], 0),)

    @impl(RequantizeOp)
    def requantize(self, interpreter: Interpreter, op: RequantizeOp, args: PythonValues) -> PythonValues:
        """Membranes to codes."""
        bias, threshold = op.bias_parameter.array, op.threshold_parameter.array
        even = op.ties_to_even is not None
        return (arithmetic.fire(args[0], bias, threshold, op.fraction, op.encoding.numbers, ties_to_even=even),)

    @impl(LifOp)
    def lif(self, interpreter: Interpreter, op: LifOp, args: PythonValues) -> PythonValues:
        """Drives to spikes, both step by step."""
        if op.layer_name in self.given:
            return (self.given[op.layer_name].astype(args[0].dtype),)
        rules = LifRules(
            op.fires.data,
            op.reset.data,
            op.timing.data,
            op.several is not None,
            op.loses_input is not None,
            op.decay_bits.value.data if op.is_integer else None,
            op.gain_bits.value.data if op.is_integer else None,
        )
        spikes = rules.run(_by_steps(args[0], self._steps(op)), op.numbers(), op.recurrence())
        spikes = spikes.reshape(args[0].shape)
        return (spikes if op.is_integer else spikes.astype(args[0].dtype),)

    @impl(SumStepsOp)
    def sum_steps(self, interpreter: Interpreter, op: SumStepsOp, args: PythonValues) -> PythonValues:
        """Numbers of all time steps to their sums."""
        steps = _by_steps(args[0], self._steps(op))
        return (steps.sum(axis=1, dtype=np.int64 if op.is_integer else None),)

    @impl(MaxPoolOp)
    def max_pool(self, interpreter: Interpreter, op: MaxPoolOp, args: PythonValues) -> PythonValues:
        """Anything to the same."""
        return (arithmetic.max_pool(args[0], op.window),)

    @impl(AveragePoolOp)
    def average_pool(self, interpreter: Interpreter, op: AveragePoolOp, args: PythonValues) -> PythonValues:
        """Reals to reals."""
        return (arithmetic.average_pool(args[0], op.window),)

    @impl(SumPoolOp)
    def sum_pool(self, interpreter: Interpreter, op: SumPoolOp, args: PythonValues) -> PythonValues:
        """Codes to codes."""
        return (arithmetic.sum_pool(args[0], op.window),)

    @impl(FlattenOp)
    def flatten(self, interpreter: Interpreter, op: FlattenOp, args: PythonValues) -> PythonValues:
        """(N, C, H, W) to (N, C * H * W)."""
        return (args[0].reshape(args[0].shape[0], *shape_of(op.output.type)),)

    @impl(ArgmaxOp)
    def argmax(self, interpreter: Interpreter, op: ArgmaxOp, args: PythonValues) -> PythonValues:
        """Membranes (N, scores) to int32 classes (N, 1)."""
        return (np.argmax(args[0], axis=1).astype(np.int32)[:, None],)

    @impl_terminator(OutputOp)
    def output(self, interpreter: Interpreter, op: OutputOp, args: PythonValues) -> tuple[ReturnedValues, PythonValues]:
        """Ends the run."""
        return ReturnedValues(args), ()


def normalisation(op: BatchNormOp) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """(scale, shift) per channel in float64: the normalisation is scale * x + shift."""
    gamma, beta, mean, variance = (
        np.asarray(find_parameter(op, symbol).array, np.float64) for symbol in (op.gamma, op.beta, op.mean, op.variance)
    )
    scale = gamma / np.sqrt(variance + op.epsilon.value.data)
    return scale, beta - mean * scale


def run_network(module: ModuleOp, images: npt.NDArray[np.floating], *, keep: bool = False) -> NetworkRun:
    """Runs the integer form on images (N, C, H, W), real numbers in 0 ... 1.

    Exact: the same integers on every machine. Raises `E3neError` when the images do not fit the network, or when the
    module is still in the float form.
    """
    network = find_network(module)
    real = [op.layer_name for op in network.layers() if isinstance(op, SynapseOp | ReluOp) and not op.is_integer]
    if real:
        raise E3neError(f"network @{network.sym_name.data} is not quantised (layers {', '.join(real)})")
    return _run(module, network, images, keep)


def run_float(
    module: ModuleOp,
    images: npt.NDArray[np.floating],
    *,
    keep: bool = False,
    dtype: npt.DTypeLike = np.float32,
    time_steps: int = 1,
    given: Mapping[str, Array] | None = None,
) -> NetworkRun:
    """Runs the float form on images (N, C, H, W) in `dtype` arithmetic; a spiking network for `time_steps`.

    That takes spikes (N, T, C, H, W), or images, which are the same in each step; its values are (N·T, ...). `given`
    are spikes (N·T, ...) by layer that are put in the place of those of its neurons. Raises `E3neError` when the images
    do not fit the network, or when the module is in the integer form.
    """
    network = find_network(module)
    if any(op.is_integer for op in network.layers()):
        raise E3neError(f"network @{network.sym_name.data} is quantised: it has no float form any more")
    data = images.astype(dtype)
    if data.ndim == len(shape_of(network.image.type)) + 1:
        return _run(module, network, data.repeat(time_steps, axis=0), keep, time_steps, given)
    if data.shape[1] != time_steps:
        raise E3neError(f"network @{network.sym_name.data} is run for {time_steps} steps, not for {data.shape[1]}")
    return _run(module, network, data.reshape(-1, *data.shape[2:]), keep, time_steps, given)


class _Recorder(Interpreter.Listener):
    """Keeps the result of every layer operation of one chunk."""

    def __init__(self) -> None:
        self.values: dict[Key, Array] = {}

    def did_interpret_op(self, op: Operation, results: PythonValues) -> None:
        """Called by the interpreter after each operation."""
        if isinstance(op, LayerOp):
            self.values[op.layer_name, op.KIND] = results[0]


def input_shape(network: NetworkOp) -> tuple[int, ...]:
    """The shape of one image; of what has spikes in each time step, time first: (T, C, H, W)."""
    shape = shape_of(network.image.type)
    steps = {op.encoding.steps for op in network.layers() if isinstance(op, EncodeOp) and op.takes_spikes}
    return (*steps, *shape)


def _run(
    module: ModuleOp,
    network: NetworkOp,
    images: npt.NDArray[np.floating],
    keep: bool,
    time_steps: int = 1,
    given: Mapping[str, Array] | None = None,
) -> NetworkRun:
    wanted = input_shape(network)
    if images.shape[1:] != wanted or images.ndim != len(wanted) + 1:
        raise E3neError(
            f"network @{network.sym_name.data} takes images N x {' x '.join(map(str, wanted))}, "
            f"not an array of shape {images.shape}"
        )
    if not np.isfinite(images).all():
        raise E3neError("an image has a pixel that is infinite or not a number")
    outputs: list[tuple[Array, ...]] = []
    kept: list[dict[Key, Array]] = []
    for rows, chunk in _chunks(network, images, time_steps):
        recorder = _Recorder()
        spikes = {layer: array[rows] for layer, array in (given or {}).items()}
        interpreter = Interpreter(module, listeners=(recorder,) if keep else ())
        interpreter.register_implementations(SnnFunctions(time_steps, spikes))
        outputs.append(interpreter.run_ssacfg_region(network.body, (chunk,), "network"))
        kept.append(recorder.values)
    return NetworkRun(
        tuple(np.concatenate(parts) for parts in zip(*outputs, strict=True)),
        {key: np.concatenate([values[key] for values in kept]) for key in kept[0]},
    )


def _chunks(
    network: NetworkOp, images: npt.NDArray[np.floating], together: int
) -> Iterator[tuple[slice, npt.NDArray[np.floating]]]:
    """A few images at a time, always whole groups of `together`, and where they are among all."""
    largest = max((_unfolded(op) * frames_of(op.output.type) for op in network.layers()), default=1)
    size = together * max(1, _CHUNK_VALUES // (largest * together))
    in_steps = images.ndim > len(shape_of(network.image.type)) + 1
    # at least one chunk, so that no image gives empty outputs of the right shapes
    for start in range(0, max(1, images.shape[0]), size):
        rows = slice(start, start + size)
        chunk = images[rows]
        yield rows, chunk.reshape(-1, *chunk.shape[2:]) if in_steps else chunk


def _unfolded(op: LayerOp) -> int:
    """Numbers per image that the windows of an operation hold when unfolded."""
    shape: Sequence[int] = shape_of(op.input.type)
    if isinstance(op, Conv2dOp):
        _, *positions = shape_of(op.output.type)
        return shape[0] * op.window.taps * int(np.prod(positions))
    return int(np.prod(shape))


def _by_steps(values: Array, frames: int) -> Array:
    """(images · frames, ...) as (images, frames, ...)."""
    return values.reshape(-1, frames, *values.shape[1:])


def _values(op: SynapseOp, numbers: arithmetic.Integers) -> arithmetic.Integers:
    """The values of trains, which synapses add up."""
    assert isinstance(op.input.type, TrainType)
    encoding = op.input.type.encoding
    if (encoding.least, encoding.gap) == (0, 1):
        return numbers
    return encoding.least + encoding.gap * numbers.astype(np.int64)


def _add_bias(op: SynapseOp, result: Array) -> Array:
    bias = op.bias_parameter
    if bias is None:
        return result
    return np.add(result, bias.array.astype(result.dtype).reshape((1, -1) + (1,) * (result.ndim - 2)))
