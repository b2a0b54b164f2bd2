"""What a module of any level computes: the one thing that passes are compared by."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from e3ne.check import in_stream_order
from e3ne.dialects import rtl
from e3ne.dialects.dataflow import GraphOp, SourceOp, TransformOp, units_of
from e3ne.dialects.snn import EncodeOp, LifOp, NetworkOp, SumStepsOp, find_network, shape_of
from e3ne.passes.dataflow_fold import DataflowFoldPass
from e3ne.passes.dataflow_legalize_streams import DataflowLegalizeStreamsPass
from e3ne.semantics.dataflow import find_graph, plan
from e3ne.semantics.plan import OUTPUT, Plan
from e3ne.semantics.snn import input_shape, run_float, run_network

Data = NDArray[np.float64]
Results = NDArray[np.generic]

TIME_STEPS = 8
"""Steps for which a spiking network in the float form is run."""


class Program(ABC):
    """A module that can be executed; it is not changed."""

    level: str
    """what the module is, for people"""

    @abstractmethod
    def draw(self, count: int, generator: np.random.Generator) -> Data:
        """Random inputs (count, ...) that respect the types of the module."""

    @abstractmethod
    def run(self, data: Data) -> Results:
        """The results (count, numbers), in the order in which hardware gives them."""

    @abstractmethod
    def named(self, data: Data) -> Mapping[str, Results]:
        """What is known by the name of a layer, as layer/kind: (count, numbers)."""


@dataclass(frozen=True)
class Network(Program):
    """A network of `snn`, in either form."""

    module: ModuleOp

    @property
    def op(self) -> NetworkOp:
        """The network itself."""
        return find_network(self.module)

    @property
    def is_integer(self) -> bool:
        """Whether it is in the integer form."""
        return any(op.is_integer for op in self.op.layers())

    @property
    def is_spiking(self) -> bool:
        """Whether it runs for time steps."""
        return any(isinstance(op, LifOp | SumStepsOp) for op in self.op.layers())

    @property
    def level(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The form."""
        return "integer network" if self.is_integer else "float network"

    def draw(self, count: int, generator: np.random.Generator) -> Data:
        """Spikes for a network that takes them, else images."""
        if not self.is_integer:
            return draw_images((count, *shape_of(self.op.image.type)), generator)
        taken = [op for op in self.op.layers() if isinstance(op, EncodeOp) and op.takes_spikes]
        shape = (count, *input_shape(self.op))
        if taken:
            return generator.integers(0, taken[0].encoding.greatest + 1, shape).astype(np.float64)
        return draw_images(shape, generator)

    def run(self, data: Data) -> Results:
        """Real numbers in double precision, or integers."""
        if self.is_integer:
            outputs = run_network(self.module, data).outputs[0]
        else:
            steps = TIME_STEPS if self.is_spiking else 1
            outputs = run_float(self.module, data, dtype=np.float64, time_steps=steps).outputs[0]
        return in_stream_order(outputs, len(data))

    def named(self, data: Data) -> Mapping[str, Results]:
        """The results of all layers of an integer network; real ones are not compared by name."""
        if not self.is_integer:
            return {}
        values = run_network(self.module, data, keep=True).values
        return {f"{layer}/{kind}": array.reshape(len(data), -1) for (layer, kind), array in values.items()}


@dataclass(frozen=True)
class Graph(Program):
    """A dataflow graph; one whose layouts are open is completed by `dataflow-fold` and `dataflow-legalize-streams`."""

    plan: Plan
    completed: bool

    level = "dataflow graph"

    @staticmethod
    def of(module: ModuleOp) -> Graph:
        """Raises `E3neError` where no layout can be found."""
        units = units_of(find_graph(module))
        laid_out = all(u.output_type.has_layout for u in units if isinstance(u, TransformOp | SourceOp))
        if not laid_out:
            module = module.clone()
            DataflowFoldPass().apply(Context(), module)
            DataflowLegalizeStreamsPass().apply(Context(), module)
        return Graph(plan(find_graph(module)), not laid_out)

    def draw(self, count: int, generator: np.random.Generator) -> Data:
        """Spikes or images, as the input bus takes them."""
        shape = (count, *self.plan.data_shape)
        if self.plan.input_frames and not self.plan.rate_coded:
            return generator.integers(0, 1 << self.plan.steps, shape).astype(np.float64)
        return draw_images(shape, generator)

    def run(self, data: Data) -> Results:
        """What leaves the output bus, by the cycle model."""
        return self.plan.run(self.plan.pack(data))[OUTPUT].reshape(len(data), -1)

    def named(self, data: Data) -> Mapping[str, Results]:
        """The streams that say which layer's result they carry."""
        found = self.plan.run(self.plan.pack(data))
        carried = {stream.value: stream for stream in self.plan.streams if stream.value}
        return {name: each.decode(found[each.name]).reshape(len(data), -1) for name, each in carried.items()}


@dataclass(frozen=True)
class Hardware:
    """Modules of `rtl`; executed in Verilator if the graph that they are made of is known, else one by one."""

    module: ModuleOp
    level = "rtl"

    @property
    def tops(self) -> list[rtl.ModuleOp]:
        """The modules of which there is no instance."""
        modules = [op for op in self.module.body.block.ops if isinstance(op, rtl.ModuleOp)]
        used = {op.module_name for op in self.module.walk() if isinstance(op, rtl.InstanceOp)}
        return [op for op in modules if op.sym_name.data not in used]


def program_of(module: ModuleOp) -> Network | Graph | Hardware | None:
    """The program of a module; None if it has none, or several."""
    kinds = [op for op in module.body.block.ops if isinstance(op, NetworkOp | GraphOp)]
    if len(kinds) == 1:
        return Network(module) if isinstance(kinds[0], NetworkOp) else Graph.of(module)
    if not kinds and any(isinstance(op, rtl.ModuleOp) for op in module.body.block.ops):
        return Hardware(module)
    return None


def draw_images(shape: tuple[int, ...], generator: np.random.Generator) -> Data:
    """Images of 0 ... 1: sparse and dense ones, dark and light ones; the second is black and the third white."""
    count = shape[0]
    column = (count, *[1] * (len(shape) - 1))
    images = generator.random(shape) ** np.exp2(generator.uniform(-2, 2, column))
    images *= generator.random(shape) < generator.uniform(0.1, 1, column)
    images[1:2], images[2:3] = 0, 1
    return images
