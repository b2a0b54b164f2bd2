"""`snn-count-operations`: what is counted stays with the layer, and goes to its hardware."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from xdsl.dialects.builtin import FloatAttr, ModuleOp
from xdsl.parser import Parser

from e3ne.analysis.activity import OPERATIONS, operations_by_layer
from e3ne.analysis.energy import operations_of
from e3ne.dialects.dataflow import MatvecOp, units_of
from e3ne.dialects.snn import find_network
from e3ne.errors import E3neError
from e3ne.pipeline_runner import new_context, print_module, run_passes
from e3ne.semantics.dataflow import find_graph
from e3ne.semantics.snn import run_network
from e3ne.verification.networks import NetworkBuilder

IMAGES = np.random.default_rng(3).random((5, 1, 6, 6), dtype=np.float32)


def network() -> ModuleOp:
    """A convolution, a sum pool and a dense layer."""
    return NetworkBuilder("net", (1, 6, 6), 3, seed=4).conv(2, (3, 3)).fire(2).sum_pool((2, 2)).linear(4).build()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The images as a file."""
    np.save(tmp_path / "images.npy", IMAGES)
    return tmp_path / "images.npy"


def counted(data: Path, options: str = "") -> ModuleOp:
    module = network()
    run_passes(module, f'snn-count-operations{{data="{data}"{options}}}')
    return module


def kept(module: ModuleOp) -> dict[str, float]:
    """What the layers say."""
    found: dict[str, float] = {}
    for layer in find_network(module).layers():
        attribute = layer.attributes.get(OPERATIONS)
        if isinstance(attribute, FloatAttr):
            found[layer.layer_name] = attribute.value.data
    return found


@pytest.mark.parametrize(("options", "images"), [("", 5), (" images=2", 2)])
def test_the_counts_are_those_of_the_first_images(data: Path, options: str, images: int) -> None:
    module = counted(data, options)
    run = run_network(network(), IMAGES[:images], keep=True)
    assert kept(module) == operations_by_layer(run, find_network(network()))
    assert len(kept(module)) == 3


def test_the_counts_are_read_back_and_go_to_the_hardware(data: Path) -> None:
    module = counted(data)
    read = Parser(new_context(), print_module(module)).parse_module()
    assert kept(read) == kept(module)
    run_passes(read, "convert-snn-to-dataflow")
    units = [unit for unit in units_of(find_graph(read)) if isinstance(unit, MatvecOp)]
    assert {unit.layer.data: operations_of(unit) for unit in units} == kept(module)


def test_without_counts_every_input_spikes_in_every_step(data: Path) -> None:
    module = network()
    run_passes(module, "convert-snn-to-dataflow")
    worst = {
        unit.layer.data: operations_of(unit) for unit in units_of(find_graph(module)) if isinstance(unit, MatvecOp)
    }
    first = 2 * 9 * 16 * 3
    assert next(iter(worst.values())) == first
    assert all(found <= worst[layer] for layer, found in kept(counted(data)).items())


def test_the_number_does_not_depend_on_pixels_at_once() -> None:
    module = NetworkBuilder("net", (1, 6, 6), 2).conv(2, (3, 3)).fire().max_pool((2, 2)).linear(2).build()
    run_passes(module, "convert-snn-to-dataflow")
    packed = module.clone()
    run_passes(packed, "dataflow-parallelize-pixels{pixels=2}")
    numbers = [
        [operations_of(unit) for unit in units_of(find_graph(each)) if isinstance(unit, MatvecOp)]
        for each in (module, packed)
    ]
    assert numbers[0] == numbers[1]


def test_images_and_networks_that_do_not_fit(data: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "large.npy", np.zeros((2, 1, 7, 7), np.float32))
    with pytest.raises(E3neError, match=r"the images have shape \(1, 7, 7\), but the network takes \(1, 6, 6\)"):
        counted(tmp_path / "large.npy")
    with pytest.raises(E3neError, match="images is 1 or more, not 0"):
        counted(data, " images=0")
