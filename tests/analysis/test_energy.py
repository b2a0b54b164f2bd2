"""Energies against the published numbers, and counts against those of small units by hand."""

from __future__ import annotations

from itertools import islice

import pytest

from e3ne.analysis.energy import GRID, Energy, access_pj, addition_pj, energy_of, energy_of_unit, least_energy
from e3ne.dialects.dataflow import ArgmaxOp, FlattenOp, MatvecOp, MaxPoolOp, PoolOp, WindowOp, units_of
from e3ne.pipeline_runner import run_passes
from e3ne.semantics.dataflow import find_graph
from e3ne.verification.networks import NetworkBuilder
from tests.choice.every_design import every_design, undecided
from tests.choice.networks import dense, pooled

KIB = 8 * 1024


def test_additions_are_as_published_and_grow_with_their_bits() -> None:
    assert addition_pj(8) == pytest.approx(0.03)
    assert addition_pj(32) == pytest.approx(0.1)
    assert addition_pj(4) == pytest.approx(0.015)
    assert addition_pj(20) == pytest.approx(0.065)


@pytest.mark.parametrize(("kib", "published", "within"), [(8, 10, 1e-9), (32, 20, 1e-9), (1024, 100, 0.14)])
def test_accesses_are_as_published(kib: int, published: float, within: float) -> None:
    assert access_pj(64, kib * KIB) == pytest.approx(published, rel=within)


def test_accesses_are_proportional_to_bits() -> None:
    assert access_pj(32, 8 * KIB) == pytest.approx(5)
    assert access_pj(0, 8 * KIB) == access_pj(64, 0) == 0


def test_energies_add_up() -> None:
    total = Energy(1, 2, 3, 4000, 5000) + Energy(1, 1, 1, 500, 500)
    assert total == Energy(2, 3, 4, 4500, 5500)
    assert total.total_nj == 10


LINEAR = 4 * 2 * 4
"""Pairs of digits and weights of a layer of 4 inputs at two time steps and 4 outputs."""


def decided(choice: dict[str, int | str]) -> MatvecOp:
    """The first layer of a network of two, built in one way."""
    name = "dense_linear3_matvec"
    module = undecided(dense())
    design = next(each for each in every_design(module, ((1, False),), {name: choice}))
    return next(unit for unit in units_of(find_graph(design.module)) if unit.unit_name == name)  # pyright: ignore[reportReturnType]


FOLDED: dict[str, int | str] = {
    "output_lanes": 2,
    "input_lanes": 1,
    "parallel_steps": 1,
    "weight_memory": "distributed",
}


@pytest.mark.parametrize("implementation", ["table", "adder", "event"])
def test_a_layer_by_hand(implementation: str) -> None:
    """Every digit meets 4 weights; 2 groups take 4 × 2 beats and add 2 lanes each; 4 × 4 weights of 4 bits."""
    choice = {**FOLDED, "implementation": implementation, "order": "steps_inner", "stationary": "output"}
    if implementation == "table":
        choice.pop("weight_memory")
    op = decided(choice)
    found, width = energy_of_unit(op), op.value_bits.value.data
    sums = {"table": 2 * 8 * 2, "adder": 2 * 8 * 2, "event": 0}[implementation]
    # An adder's word is read once for both steps of an input; each spike reads its own.
    bits = {"table": 0, "adder": 2 * 4 * 2 * 4, "event": LINEAR * 4}[implementation]
    assert (found.additions, found.weight_bits, found.buffer_bits) == (LINEAR + sums, bits, 0)
    assert found.addition_pj == pytest.approx((LINEAR + sums) * addition_pj(width), abs=1 / GRID)
    assert found.memory_pj == pytest.approx(access_pj(bits, 16 * 4), abs=1 / GRID)


def test_nothing_is_below_the_least() -> None:
    for network, arrangements in ((dense, ((1, False),)), (pooled, ((1, True), (1, False)))):
        for design in islice(every_design(undecided(network()), arrangements, {}), 0, 6000, 40):
            for unit in units_of(find_graph(design.module)):
                if not isinstance(unit, FlattenOp):
                    assert least_energy(unit) <= energy_of_unit(unit).total_pj


def test_rows_count_whatever_they_are_kept_in() -> None:
    found: dict[str, float] = {}
    for memory in ("registers", "distributed"):
        fixed = {"pooled_conv2_window": {"memory": memory, "lanes": 1, "parallel_steps": 1, "parallel_out": 1}}
        design = next(iter(every_design(undecided(pooled()), ((1, False),), fixed)))
        window = next(unit for unit in units_of(find_graph(design.module)) if isinstance(unit, WindowOp))
        found[memory] = energy_of_unit(window).buffer_bits
    # 16 pixels of a channel at two time steps: 2 rows above are written and read.
    assert set(found.values()) == {2 * 2 * 16 * 2}


def test_membranes_are_compared_and_trains_are_not() -> None:
    """2 × 2 membranes of a pool are 3 comparisons; 3 classes are 2."""
    network = NetworkBuilder("net", (1, 6, 6), 2).conv(2, (3, 3)).fire().max_pool((2, 2)).linear(3).build()
    run_passes(network, "snn-append-argmax,convert-snn-to-dataflow")
    membranes = network.clone()
    run_passes(membranes, "dataflow-pool-before-fire{interval=1}")
    finish = "dataflow-fold,dataflow-legalize-streams"
    compared: list[dict[type, float]] = []
    for module in (network, membranes):
        run_passes(module, finish)
        units = [unit for unit in units_of(find_graph(module)) if isinstance(unit, ArgmaxOp | PoolOp | MaxPoolOp)]
        compared.append({type(unit): energy_of_unit(unit).additions for unit in units})
        assert energy_of(find_graph(module)).total_pj > 0
    assert compared == [{PoolOp: 0, ArgmaxOp: 2}, {MaxPoolOp: 3 * 4 * 2, ArgmaxOp: 2}]
