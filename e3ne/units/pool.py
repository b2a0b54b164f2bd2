"""The max pool: the largest of each window's elements, of trains or of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from xdsl.ir import SSAValue

from e3ne.analysis.event_graph import EventGraph
from e3ne.dialects.dataflow import PoolOp
from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.dialects.rtl.structure import ModuleOp
from e3ne.units.adders import tree_depth
from e3ne.units.comparison import less
from e3ne.units.features import Control, Features, comparison_luts
from e3ne.units.flow import elastic, every
from e3ne.units.handshake import InputStream, Pipeline, count, taken_port
from e3ne.units.interface import Choice, Unit, layout_of
from e3ne.units.layout import Layout, Values, codes_of, digits_of


@dataclass(frozen=True)
class PoolModel:
    """The maximum over each `size` neighbouring channels of `taken`; `latency` cycles deep."""

    taken: Layout
    size: int
    latency: int

    def events(self, unit: str, taken: str, given: str) -> EventGraph:
        """A beat is given for each beat taken."""
        steps = self.taken.beats
        return elastic(unit, taken, given, every(steps), every(steps), self.latency)

    def compute(self, values: Values) -> Values:
        """Windows → their maxima: of values as they are, of trains by their code."""
        content = self.taken.spread(values)
        images, pixels, repeat, channels, steps = content.shape
        windows = content.reshape(images, pixels, repeat, channels // self.size, self.size, steps)
        inner = self.taken
        given = replace(inner, channels=channels // self.size, lanes=inner.lanes // self.size)
        if inner.bits < 0:
            return given.gather(windows.max(axis=4))
        return given.gather(digits_of(codes_of(windows).max(axis=4), steps))


class Pool(Unit[PoolOp]):
    """Trains: a running comparison, most significant digit first. Values: a tree of comparisons."""

    operation = PoolOp

    def legal_choices(self, op: PoolOp) -> Sequence[Choice]:
        """There is one way to build it."""
        return [{}]

    def features(self, op: PoolOp) -> Features:
        """Of trains: what is still in the race; of values: a tree of comparisons."""
        given, size = op.input_type, op.size.value.data
        control, results = Control(_stages(op)), given.lanes // op.size.value.data
        if given.signed:
            bits, members, compared, held = given.element_bits, size, 0, 0
            for _ in range(_stages(op)):
                compared += members // 2
                members -= members // 2
                held += members
            return Features(
                "pool-values",
                control.lut
                | {
                    "selected": results * compared * bits,
                    "compared": results * compared * comparison_luts(bits),
                    "comparisons": results * compared,
                },
                control.ff | {"held": results * held * bits},
                (),
                given.beats_per_image,
            )
        control.count(given.steps)
        racing = given.lanes if given.steps > 1 and size > 1 else 0
        return Features(
            "pool-trains",
            control.lut | {"racing": racing, "results": results, "digits": results * _shown_luts(size, given.steps)},
            control.ff | {"racing": racing, "results": results},
            (),
            given.beats_per_image,
        )

    def model(self, op: PoolOp) -> PoolModel:
        """Sizes and depth."""
        return PoolModel(layout_of(op.input_type), op.size.value.data, _stages(op))

    def build(self, op: PoolOp) -> ModuleOp:
        """One register stage for trains, one for each level of comparisons for values."""
        given, size = op.input_type, op.size.value.data
        what = "values" if given.signed else "trains"
        m = ModuleBuilder(
            op.unit_name,
            comment=f"Max pool of {op.layer.data}: the largest of each {size} {what}.",
            parameters={"channels": op.output_type.channels, "lanes": op.output_type.lanes},
        )
        s = InputStream.of(m, given.beat_bits)
        pipeline = Pipeline(m, _stages(op), taken_port(m))
        s.accept(m, pipeline.ready)
        pipeline.enter(s.valid)
        bits = given.element_bits
        lanes = [m.extract(s.data, lane * bits, bits) for lane in range(given.lanes)]
        windows = [lanes[i : i + size] for i in range(0, given.lanes, size)]
        if given.signed:
            results = [largest_value(m, pipeline, pipeline.stages, window) for window in windows]
        else:
            step = m.and_(s.valid, pipeline.ready)
            first = count(m, given.steps, step, "time").first
            results = [_largest_train(m, pipeline, window, first, step) for window in windows]
        pipeline.finish(None, m.concat(*reversed(results)))
        return m.build()


def _stages(op: PoolOp) -> int:
    return max(1, tree_depth(op.size.value.data)) if op.input_type.signed else 1


def _shown_luts(size: int, steps: int) -> int:
    """LUTs in front of the one that gives the largest digit of so many trains.

    A LUT shows two digits that are still in the race; where the time step has three bits, and digits are many, one
    shows each of them before. Of four digits and two time steps Yosys 0.70 makes two LUTs for each.
    """
    if size <= 2:
        return 0
    if (size, steps) == (4, 2):
        return 2 * size
    return -(-size // 2) + (size if size > 4 < steps else 0)


def largest_value(m: ModuleBuilder, pipeline: Pipeline, stages: int, window: Sequence[SSAValue]) -> SSAValue:
    """The largest of some values, behind the first stages of a pipeline: one for each level of comparisons."""
    level = list(window)
    for stage in range(stages):
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        winners = [m.mux(less(m, p[0], p[1]), p[1], p[0]) if len(p) == 2 else p[0] for p in pairs]
        level = [m.reg(winner, enable=pipeline.enable[stage], name=f"largest_{stage}") for winner in winners]
    return level[0]


def _largest_train(
    m: ModuleBuilder, pipeline: Pipeline, window: Sequence[SSAValue], first: SSAValue, step: SSAValue
) -> SSAValue:
    """A train stays in the race while its digits equal the largest's; one that shows 0 against a 1 is out."""
    racing = [m.register(1, f"racing_{i}") for i in range(len(window))]
    alive = [m.or_(first, register.value) for register in racing]
    shown = [m.and_(a, digit) for a, digit in zip(alive, window, strict=True)]
    largest = m.or_(*shown)
    for register, a, s in zip(racing, alive, shown, strict=True):
        register.drive(m.and_(a, m.or_(s, m.not_(largest))), step)
    return m.reg(largest, enable=pipeline.enable[0], name="largest")
