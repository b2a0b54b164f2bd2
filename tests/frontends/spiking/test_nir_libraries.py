"""What the libraries compute, against the NIR files that they export."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from e3ne.errors import E3neError
from e3ne.frontends.spiking import nir_neurons
from e3ne.frontends.spiking.description import Add, Neuron, SpikingNetwork
from e3ne.frontends.spiking.nir_file import read_nir
from e3ne.frontends.spiking.reference import simulate
from tests.frontends.spiking.networks import (
    MAP_SHAPE,
    MLP_SHAPE,
    STEPS,
    Make,
    active,
    assert_same_spikes,
    differing,
    is_fair,
    mlp,
    record,
    set_weights,
    spikes_in,
    square_lenet,
)

nir = pytest.importorskip("nir")

pytestmark = [
    # the libraries' own: Norse compiles with torch.jit, three exporters call what nirtorch has given up
    pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:nirtorch.extract_nir_graph:DeprecationWarning"),
]


def exported(graph: object, path: Path, dialect: str) -> SpikingNetwork:
    graph.infer_types()  # or convolutions cannot be written
    nir.write(path / "net.nir", graph)
    return read_nir(path / "net.nir", dialect)


class TestSnnTorch:
    """With per-neuron parameters, which its exporter needs."""

    @staticmethod
    def neuron(kind: str, shape: tuple[int, ...], beta: float = 0.85, **settings: object) -> nn.Module:
        snn = pytest.importorskip("snntorch")
        if kind.startswith("R") and len(shape) == 3:
            kind = kind[1:]
        values = {"beta": torch.full(shape, beta), "threshold": torch.ones(shape)}
        if kind.endswith("Synaptic"):
            values["alpha"] = torch.full(shape, 0.6)
        if kind.startswith("R"):
            settings["linear_features"] = shape[0]
        return getattr(snn, kind)(**values, init_hidden=True, **settings)

    @pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
    @pytest.mark.parametrize("build", [mlp, square_lenet])
    @pytest.mark.parametrize(
        ("kind", "beta", "mechanism", "delay"),
        [
            ("Leaky", 0.85, "subtract", True),
            ("Leaky", 0.85, "subtract", False),
            ("Leaky", 0.85, "zero", True),
            ("Leaky", 0.85, "zero", False),
            ("Leaky", 1.0, "subtract", True),
            ("Synaptic", 0.85, "subtract", True),
            ("Synaptic", 0.85, "subtract", False),
            ("Synaptic", 0.85, "zero", True),
            ("Synaptic", 0.85, "zero", False),
        ],
    )
    def test_feedforward(
        self, kind: str, beta: float, mechanism: str, delay: bool, build: object, tmp_path: Path
    ) -> None:
        snn = pytest.importorskip("snntorch")
        from snntorch.export_nir import export_to_nir

        shape = MLP_SHAPE if build is mlp else MAP_SHAPE
        make = partial(self.neuron, kind, beta=beta, reset_mechanism=mechanism, reset_delay=delay)
        network, expected, inputs = active(build, make, snn.SpikingNeuron, shape)
        graph = export_to_nir(network, torch.zeros(1, *shape), ignore_dims=[0])
        settings = f"snntorch:reset_mechanism={mechanism},reset_delay={str(delay).lower()}"
        assert_same_spikes(exported(graph, tmp_path, settings), expected, inputs)
        if (mechanism, delay) != ("subtract", True):
            assert differing(read_nir(tmp_path / "net.nir", "snntorch"), expected, inputs) > 0

    def test_float32_fields_do_not_break_ties(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Weights in quarters: what is left of a membrane meets the threshold exactly, if the decay is exact."""
        pytest.importorskip("snntorch")
        from snntorch.export_nir import export_to_nir

        network = nn.Sequential(nn.Linear(12, 30), self.neuron("Leaky", (30,), 0.5, reset_mechanism="zero"))
        with torch.no_grad():
            random = np.random.default_rng(0)
            network[0].weight.copy_(torch.from_numpy(random.integers(-3, 4, (30, 12)) / 4))
            network[0].bias.copy_(torch.from_numpy(random.integers(0, 2, 30) / 4))
        inputs = spikes_in(MLP_SHAPE)
        expected = record(network, ["1"], inputs)
        graph = export_to_nir(network, torch.zeros(1, *MLP_SHAPE), ignore_dims=[0])
        dialect = "snntorch:reset_mechanism=zero"
        assert_same_spikes(exported(graph, tmp_path, dialect), expected, inputs)
        monkeypatch.setattr(nir_neurons, "snapped", lambda values, magnitude=0.0: values)
        assert differing(read_nir(tmp_path / "net.nir", dialect), expected, inputs) > 0

    @pytest.mark.parametrize("kind", ["RLeaky", "RSynaptic"])
    def test_recurrent(self, kind: str, tmp_path: Path) -> None:
        snn = pytest.importorskip("snntorch")
        from snntorch.export_nir import export_to_nir

        network, expected, inputs = active(mlp, partial(self.neuron, kind), snn.SpikingNeuron, MLP_SHAPE)
        graph = export_to_nir(network, torch.zeros(1, *MLP_SHAPE), ignore_dims=[0])
        imported = exported(graph, tmp_path, "snntorch")
        assert_same_spikes(imported, expected, inputs)

    def test_braille(self) -> None:
        """A trained recurrent network that comes with Norse, over 256 steps."""
        snn = pytest.importorskip("snntorch")
        norse = pytest.importorskip("norse")
        path = Path(norse.__path__[0]) / "torch" / "utils" / "test" / "braille.nir"
        imported = read_nir(path, "snntorch")
        nodes = nir.read(path, type_check=False).nodes
        hidden = snn.RSynaptic(alpha=0.55, beta=0.9, linear_features=38, init_hidden=True)
        last = snn.Synaptic(alpha=0.5, beta=0.55, init_hidden=True)
        network = nn.Sequential(nn.Linear(12, 38), hidden, nn.Linear(38, 7), last)
        pairs = [(network[0], "fc1"), (hidden.recurrent, "lif1.w_rec"), (network[2], "fc2")]
        with torch.no_grad():
            for layer, name in pairs:
                layer.weight.copy_(torch.from_numpy(nodes[name].weight))
                layer.bias.copy_(torch.from_numpy(nodes[name].bias))
        inputs = spikes_in((12,), steps=256)
        expected = record(network, ["1", "3"], inputs)
        assert expected["1"].sum() > 100
        assert is_fair(expected["3"])
        assert differing(imported, expected, inputs) == 0


class TestSpikingJelly:
    @pytest.mark.parametrize("build", [mlp, square_lenet])
    @pytest.mark.parametrize("v_reset", [0.0, -0.25])
    @pytest.mark.parametrize("kind", ["IF", "LIF", "LIF, input not decayed", "ParametricLIF", "CUBALIF"])
    def test_neurons(self, kind: str, v_reset: float, build: object, tmp_path: Path) -> None:
        pytest.importorskip("spikingjelly")
        from spikingjelly.activation_based import functional, neuron, nir_exchange

        make = {
            "IF": neuron.IFNode,
            "LIF": partial(neuron.LIFNode, tau=2.5),
            "LIF, input not decayed": partial(neuron.LIFNode, tau=2.5, decay_input=False),
            "ParametricLIF": partial(neuron.ParametricLIFNode, init_tau=2.77),
            "CUBALIF": partial(neuron.CUBALIFNode, c_decay=0.4, v_decay=0.7),
        }[kind]
        shape = MLP_SHAPE if build is mlp else MAP_SHAPE
        made = lambda _: make(v_threshold=1.0, v_reset=v_reset)  # noqa: E731
        network, expected, inputs = active(build, made, neuron.BaseNode, shape)
        functional.reset_net(network)
        path = tmp_path / "net.nir"
        nir_exchange.export_to_nir(network, torch.zeros(1, *shape), str(path))
        assert_same_spikes(read_nir(path, "spikingjelly"), expected, inputs)

    def test_a_residual_is_a_fan_in(self, tmp_path: Path) -> None:
        pytest.importorskip("spikingjelly")
        from spikingjelly.activation_based import functional, neuron, nir_exchange

        class Residual(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.stem, self.first = nn.Linear(12, 16), neuron.IFNode()
                self.branch, self.second = nn.Linear(16, 16), neuron.IFNode()
                self.head, self.last = nn.Linear(16, 8), neuron.IFNode()

            def forward(self, x: torch.Tensor) -> torch.Tensor:
                x = self.first(self.stem(x))
                return self.last(self.head(x + self.second(self.branch(x))))

        network = set_weights(Residual(), 6, 0.5)
        inputs = spikes_in(MLP_SHAPE)
        expected = record(network, ["first", "second", "last"], inputs)
        functional.reset_net(network)
        path = tmp_path / "net.nir"
        nir_exchange.export_to_nir(network, torch.zeros(1, 12), str(path))
        imported = read_nir(path, "spikingjelly")
        assert [type(node.operation) for node in imported.nodes].count(Add) == 1
        assert_same_spikes(imported, expected, inputs)

    def test_a_soft_reset_is_refused_by_the_exporter(self) -> None:
        pytest.importorskip("spikingjelly")
        from spikingjelly.activation_based import neuron, nir_exchange

        network = nn.Sequential(nn.Linear(12, 5), neuron.IFNode(v_reset=None))
        with pytest.raises(NotImplementedError, match="soft reset"):
            nir_exchange.export_to_nir(network, torch.zeros(1, 12))


class TestNorse:
    @staticmethod
    def lenet(make: Make, strength: float) -> nn.Module:
        """Without pools, which the exporter leaves out, and biases everywhere, which it needs."""
        norse = pytest.importorskip("norse.torch")
        parts = [
            *(nn.Conv2d(2, 4, 3, padding=1, stride=2), make((4, 4, 4))),
            *(nn.Conv2d(4, 6, 3), make((6, 2, 2)), nn.Flatten(0)),
            *(nn.Linear(24, 14), make((14,)), nn.Linear(14, 10), make((10,))),
        ]
        return set_weights(norse.SequentialState(*parts), 2, strength)

    @staticmethod
    def mlp(make: Make, strength: float) -> nn.Module:
        norse = pytest.importorskip("norse.torch")
        return set_weights(norse.SequentialState(*mlp(make)), 1, strength)

    @pytest.mark.parametrize("build", ["mlp", "lenet"])
    @pytest.mark.parametrize("v_reset", [0.0, -0.25])
    @pytest.mark.parametrize("kind", ["LIFBoxCell", "LIFCell", "IAFCell"])
    def test_neurons(self, kind: str, v_reset: float, build: str, tmp_path: Path) -> None:
        norse = pytest.importorskip("norse.torch")

        def make(shape: tuple[int, ...]) -> nn.Module:
            potentials = {"v_th": torch.ones(shape), "v_reset": torch.full(shape, v_reset)}
            leaky = {**potentials, "v_leak": torch.full(shape, 0.125), "tau_mem_inv": torch.full(shape, 150.0)}
            match kind:
                case "IAFCell":
                    return norse.IAFCell(norse.IAFParameters(**potentials))
                case "LIFBoxCell":
                    return norse.LIFBoxCell(norse.LIFBoxParameters(**leaky))
                case _:
                    return norse.LIFCell(norse.LIFParameters(**leaky, tau_syn_inv=torch.full(shape, 400.0)))

        shape = MLP_SHAPE if build == "mlp" else MAP_SHAPE
        cell = {"LIFBoxCell": norse.LIFBoxCell, "LIFCell": norse.LIFCell, "IAFCell": norse.IAFCell}[kind]
        for strength in (0.7, 1.5, 2.5, 4.0, 6.0, 10.0, 16.0):
            network = getattr(self, build)(make, strength)
            expected, inputs = self.spikes(network, cell, shape)
            if all(is_fair(trains) for trains in expected.values()):
                break
        graph = norse.to_nir(network, torch.zeros(shape))
        flatten = {name: node for name, node in graph.nodes.items() if node is None}
        for name in flatten:
            graph.nodes[name] = nir.Flatten({"input": np.array([6, 2, 2])}, 0, -1)
        assert len(flatten) == (build == "lenet")
        imported = exported(graph, tmp_path, f"norse:v_reset={v_reset}")
        assert_same_spikes(imported, expected, inputs)

    @staticmethod
    def spikes(network: nn.Module, cell: type, shape: tuple[int, ...]) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Each sample by itself, as the exported network has no batch."""
        inputs = spikes_in(shape)
        names = [name for name, part in network.named_modules() if isinstance(part, cell)]
        found: list[Mapping[str, np.ndarray]] = []
        for sample in range(inputs.shape[0]):
            state: list[object] = [None]

            def run(x: torch.Tensor, state: list[object] = state) -> None:
                _, state[0] = network(x[0], state[0])

            trains = record(network, names, inputs[sample : sample + 1], run)
            found.append(trains)
        # the hooks saw no batch, so that time is the second dimension
        return {name: np.stack([np.moveaxis(trains[name], 1, 0) for trains in found]) for name in names}, inputs


class TestSinabs:
    """Its layers take all steps at once, (N·T, ...), and may spike several times in a step."""

    @pytest.mark.parametrize("build", ["mlp", "lenet"])
    @pytest.mark.parametrize(
        ("kind", "norm_input", "min_v_mem"),
        [("IAF", False, None), ("IAF", False, -0.5), ("LIF", True, None), ("LIF", False, None), ("LIF", False, -0.5)],
    )
    def test_neurons(self, kind: str, norm_input: bool, min_v_mem: float | None, build: str, tmp_path: Path) -> None:
        layers = pytest.importorskip("sinabs.layers")
        from sinabs.nir import to_nir

        def make(shape: tuple[int, ...]) -> nn.Module:
            settings = {"min_v_mem": min_v_mem, "num_timesteps": STEPS, "spike_threshold": torch.ones(shape)}
            if kind == "IAF":
                return layers.IAFSqueeze(**settings)
            return layers.LIFSqueeze(tau_mem=torch.full(shape, 4.0), norm_input=norm_input, **settings)

        shape = MLP_SHAPE if build == "mlp" else MAP_SHAPE
        inputs = spikes_in(shape)
        flat = torch.from_numpy(inputs).float().flatten(0, 1)
        for strength in (0.7, 0.4, 1.2, 2.0, 3.5, 6.0):
            network = (
                mlp(make, strength) if build == "mlp" else square_lenet(make, strength, lambda: layers.SumPool2d(2))
            )
            expected = self.spikes(network, layers.StatefulLayer, flat)
            if all(is_fair(trains) for trains in expected.values()):
                break
        assert any(trains.max() > 1 for trains in expected.values())
        settings = f"sinabs:norm_input={str(norm_input).lower()}"
        if min_v_mem is not None:
            settings += f",min_v_mem={min_v_mem}"
        imported = exported(to_nir(network, flat), tmp_path, settings)
        assert_same_spikes(imported, expected, inputs)

    @staticmethod
    def spikes(network: nn.Module, kind: type, flat: torch.Tensor) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = {}

        def keep(name: str, module: nn.Module, given: object, result: torch.Tensor) -> None:
            found[name] = result.detach().numpy().reshape(-1, STEPS, *result.shape[1:]).astype(np.float64)

        parts = {name: part for name, part in network.named_modules() if isinstance(part, kind)}
        handles = [part.register_forward_hook(partial(keep, name)) for name, part in parts.items()]
        with torch.no_grad():
            network(flat)
        for handle in handles:
            handle.remove()
        return found


def test_literal_is_forward_euler(tmp_path: Path) -> None:
    """By hand: tau = 4·dt, r = 2, v_leak = 0.5, threshold 1.5, reset to 0.25."""
    one = np.ones(1)
    neuron = nir.LIF(tau=one * 4e-4, r=one * 2, v_leak=one * 0.5, v_threshold=one * 1.5, v_reset=one * 0.25)
    graph = nir.NIRGraph.from_list(nir.Linear(np.ones((1, 1))), neuron)
    imported = exported(graph, tmp_path, "literal")
    v, expected = 0.5, []
    drive = [3.0, 1.0, 0.0, 4.0, 2.0, 2.0]
    for x in drive:
        v = v + (0.5 - v + 2 * x) / 4
        expected.append(float(v > 1.5))
        v = 0.25 if v > 1.5 else v
    result = simulate(imported, np.array(drive).reshape(1, -1, 1))
    assert result[imported.nodes[-1].name].ravel().tolist() == expected
    assert sum(expected) == 3
    with pytest.raises(E3neError, match="leaves open"):
        read_nir(tmp_path / "net.nir")
    assert isinstance(imported.nodes[-1].operation, Neuron)
