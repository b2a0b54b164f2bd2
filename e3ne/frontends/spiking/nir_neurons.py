"""The neurons of a NIR file, as each library means their fields, to the one form of a neuron."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import Fires, Neuron, Reals
from e3ne.frontends.spiking.nir_dialect import Dialect
from e3ne.frontends.spiking.nir_source import Value
from e3ne.frontends.spiking.numbers import per_channel, snapped
from e3ne.frontends.spiking.snntorch_resets import reset_of

NEURONS: Mapping[str, tuple[str, ...]] = {
    "IF": ("r", "v_threshold"),
    "LIF": ("tau", "r", "v_leak", "v_threshold"),
    "CubaLIF": ("tau_syn", "tau_mem", "r", "v_leak", "v_threshold"),
}
"""By type, the fields that must be there."""
OPTIONAL: Mapping[str, float] = {"v_reset": 0.0, "w_in": 1.0}
"""Fields that old files and some exporters leave out, and NIR's value for them."""
MAY_BE_INFINITE = ("tau", "tau_mem", "tau_syn", "r", "w_in")
"""An exporter divides by 1 − decay, which is 0 for a neuron that does not leak."""


def read_neuron(kind: str, fields: Mapping[str, Value], dialect: Dialect, shape: tuple[int, ...]) -> Neuron:
    """The neuron of a NIR node of type `kind` for membranes of `shape`, (C, H, W) or (N,).

    `fields` are checked: those of `NEURONS` are there and numbers. Raises `E3neError` that begins with a field's name
    if it does not fit the shape or is not what the library of the dialect writes.
    """
    values = {name: np.full(1, default) for name, default in OPTIONAL.items()}
    for name in (*NEURONS[kind], *OPTIONAL):
        field = fields.get(name)
        if isinstance(field, np.ndarray):
            try:
                values[name] = per_channel(field.astype(np.float64), shape)
            except E3neError as error:
                raise E3neError(f"its {name} {error}") from error
    # tau = inf and r = inf are no mistake but a neuron that does not leak
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        return _Reading(kind, values, dialect).neuron()


@dataclass(frozen=True)
class _Reading:
    """One node's fields, each (1,) or (C,)."""

    kind: str
    values: Mapping[str, Reals]
    dialect: Dialect

    def neuron(self) -> Neuron:
        """By the library."""
        match self.dialect.library:
            case "snntorch":
                return self._snntorch()
            case "spikingjelly":
                return self._spikingjelly()
            case "norse":
                return self._norse()
            case "sinabs":
                return self._sinabs()
            case "literal":
                return self._literal()

    def _snntorch(self) -> Neuron:
        if self.kind == "IF":
            raise E3neError("snnTorch writes no IF; another library has written this file")
        cuba = self.kind == "CubaLIF"
        tau = self.values["tau_mem" if cuba else "tau"]
        self._expect("v_leak", np.zeros(1))
        self._expect("v_reset", np.zeros(1))
        self._expect("r", tau / self.dialect.dt)
        if cuba:
            self._expect("w_in", self.values["tau_syn"] / self.dialect.dt)
        rule = reset_of("Synaptic" if cuba else "Leaky", self.dialect.reset_mechanism, delayed=self.dialect.reset_delay)
        return Neuron(
            threshold=_not_negative(snapped(self.values["v_threshold"])),
            decay=self._clamped_decay(tau),
            gain=np.ones(1),
            fires="gt",
            reset=rule.reset,
            timing=rule.timing,
            reset_value=np.zeros(1),
            initial=np.zeros(1),
            loses_input=rule.loses_input,
            synapse_decay=self._clamped_decay(self.values["tau_syn"]) if cuba else None,
        )

    def _spikingjelly(self) -> Neuron:
        dt, reset = self.dialect.dt, self.values["v_reset"]
        if self.kind == "CubaLIF":
            self._expect("v_leak", np.zeros(1))
            self._expect("r", self.values["tau_mem"] / dt)
            self._expect("w_in", self.values["tau_syn"] / dt)
            decay = snapped(1.0 - dt / self.values["tau_mem"], 1.0)
            synapse = snapped(1.0 - dt / self.values["tau_syn"], 1.0)
            return self._same_step("ge", decay, np.ones(1), np.zeros(1), reset, reset, synapse)
        if self.kind == "IF":
            self._expect("r", np.full(1, 1.0 / dt))
            return self._same_step("ge", np.ones(1), np.ones(1), reset, reset, reset)
        self._expect("v_leak", reset)
        tau, r = snapped(self.values["tau"] / dt), self.values["r"]
        if not (_close(r, np.ones(1)) or _close(r, tau)):
            raise E3neError("its r is neither 1 nor tau/dt, as SpikingJelly writes it")
        gain = 1.0 / tau if _close(r, np.ones(1)) else np.ones(1)
        return self._same_step("ge", 1.0 - 1.0 / tau, gain, reset, reset, reset)

    def _norse(self) -> Neuron:
        self._expect("r", np.ones(1))
        self._expect("v_reset", np.zeros(1))
        reset = np.full(1, self.dialect.v_reset)
        if self.kind == "IF":
            # IAFCell begins at v_reset, the other two at v_leak
            return self._same_step("gt", np.ones(1), np.ones(1), np.zeros(1), reset, reset)
        # the exporter writes dt/tau_inv, where 1/tau_inv is meant
        leak, squared = self.values["v_leak"], self.dialect.dt**2
        if self.kind == "LIF":
            step = snapped(squared / self.values["tau"])
            return self._same_step("gt", snapped(1.0 - step, 1.0), step, leak, reset, leak)
        self._expect("w_in", np.ones(1))
        step, synapse_step = (snapped(squared / self.values[name]) for name in ("tau_mem", "tau_syn"))
        return self._same_step(
            "gt", snapped(1.0 - step, 1.0), step, leak, reset, leak, snapped(1.0 - synapse_step, 1.0)
        )

    def _sinabs(self) -> Neuron:
        if self.kind == "CubaLIF":
            raise E3neError("Sinabs writes no CubaLIF; another library has written this file")
        self._expect("r", np.ones(1))
        self._expect("v_reset", np.zeros(1))
        decay = np.ones(1)
        if self.kind == "LIF":
            self._expect("v_leak", np.zeros(1))
            decay = np.exp(-1.0 / snapped(self.values["tau"]))
        least = self.dialect.min_v_mem
        return Neuron(
            threshold=snapped(self.values["v_threshold"]),
            decay=decay,
            gain=1.0 - decay if self.kind == "LIF" and self.dialect.norm_input else np.ones(1),
            fires="ge",
            reset="subtract",
            timing="same_step",
            reset_value=np.zeros(1),
            initial=np.zeros(1),
            several=True,
            least=None if least is None else np.full(1, least),
        )

    def _literal(self) -> Neuron:
        dt, r, reset = self.dialect.dt, self.values["r"], self.values["v_reset"]
        if not np.isfinite(r).all() or not np.isfinite(self.values["w_in"]).all():
            raise E3neError("its r or w_in is infinite, which the equations of NIR give no meaning")
        if self.kind == "IF":
            return self._same_step("gt", np.ones(1), snapped(r * dt), np.zeros(1), reset, np.zeros(1))
        cuba = self.kind == "CubaLIF"
        step, leak = dt / self.values["tau_mem" if cuba else "tau"], self.values["v_leak"]
        synapse_step = dt / self.values["tau_syn"] if cuba else np.ones(1)
        drive = synapse_step * self.values["w_in"] if cuba else np.ones(1)
        synapse = snapped(1.0 - synapse_step, 1.0) if cuba else None
        return self._same_step("gt", snapped(1.0 - step, 1.0), snapped(r * step * drive), leak, reset, leak, synapse)

    def _same_step(
        self,
        fires: Fires,
        decay: Reals,
        gain: Reals,
        rest: Reals,
        reset: Reals,
        initial: Reals,
        synapse: Reals | None = None,
    ) -> Neuron:
        """A neuron that goes to `reset` at once; all potentials as in the file, `rest` is where it leaks to."""
        return Neuron(
            threshold=snapped(self.values["v_threshold"]) - snapped(rest),
            decay=decay,
            gain=gain,
            fires=fires,
            reset="value",
            timing="same_step",
            reset_value=snapped(reset) - snapped(rest),
            initial=snapped(initial) - snapped(rest),
            synapse_decay=synapse,
        )

    def _clamped_decay(self, tau: Reals) -> Reals:
        # snnTorch clamps beta and alpha in every step
        return np.clip(snapped(1.0 - self.dialect.dt / tau, 1.0), 0.0, 1.0)

    def _expect(self, field: str, value: Reals) -> None:
        """Refuses a field that the library would have written otherwise: then the dialect is wrong."""
        if not _close(self.values[field], value):
            raise E3neError(
                f"its {field} is {_shown(self.values[field])}, where {self.dialect.library} writes {_shown(value)}; "
                "another library, or another dt, has made this file"
            )


def _not_negative(threshold: Reals) -> Reals:
    if (threshold < 0).any():
        raise E3neError("its v_threshold is negative, which snnTorch lets reset before the first spike")
    return threshold


def _close(values: Reals, others: Reals) -> bool:
    same = np.broadcast_arrays(values, others)
    return bool(np.isclose(same[0], same[1], rtol=1e-5, atol=1e-9).all())


def _shown(values: Reals) -> str:
    return " ".join(f"{value:.6g}" for value in values[:3]) + (" ..." if values.size > 3 else "")
