"""What a user may ask of a compilation. One place for the command line, the Python interface and the report."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from e3ne.devices.parts import part, parts
from e3ne.errors import E3neError
from e3ne.whole_number import whole_number

DEFAULT_PERIOD = 4
MAX_STEPS = 4096
"""Of any encoding; most have fewer."""
RATES = ("rate", "direct")
"""Encodings of integrate-and-fire neurons, which ReLUs are converted to; `direct` has images as they are."""
GRANULARITIES = ("per_channel", "per_layer", "power_of_two")
CALIBRATIONS = ("mse", "max", "percentile")
OUTPUTS = ("logits", "class")
OBJECTIVES = ("area", "latency", "interval", "energy")
RESOURCES = {"lut": 1, "ff": 1, "bram": 1, "uram": 0}
"""What a budget may limit, and the least limit; no unit uses UltraRAM, so that any limit of it is kept."""
MOST_DIGITS = 9
"""Of a resource in a budget."""
DEFAULT_INTERVAL = 1024
"""Cycles between images that the smallest area is chosen for when no speed is asked."""
ROUTED_CLOCK_MHZ = 150
"""What place and route aims at when no clock is asked."""


@dataclass(frozen=True)
class Options:
    """Options of `e3ne compile`; the metadata of a field is its help text."""

    encoding: str = field(
        default="radix",
        metadata={
            "help": "neural encoding: radix, phase, ttfs, ttfs-linear, bipolar; rate or direct for conversion to "
            "integrate-and-fire neurons"
        },
    )
    steps: int = field(default=4, metadata={"help": "time steps T of a spike train; a number has 8 bits at most"})
    period: int = field(default=DEFAULT_PERIOD, metadata={"help": "steps of a period of the encoding phase"})
    encoding_by_layer: str = field(
        default="", metadata={"help": "layers whose neurons have another encoding: conv1=bipolar,input=radix"}
    )
    steps_by_layer: str = field(
        default="", metadata={"help": "layers whose neurons have other time steps: conv1=3,input=8"}
    )
    weight_bits: int = field(default=4, metadata={"help": "bits W of a weight, 2 to 8 (of spiking networks to 16)"})
    weight_bits_by_layer: str = field(
        default="", metadata={"help": "layers whose weights have other bits: conv1=4,fc2=2"}
    )
    dialect: str = field(
        default="",
        metadata={"help": "library of a .nir file: snntorch, spikingjelly, norse, sinabs, literal"},
    )
    time_steps: int = field(
        default=0,
        metadata={"help": "time steps of integrate-and-fire neurons (0: those of the data, where they are spikes)"},
    )
    bin_width: int = field(
        default=0, metadata={"help": "length of a time step, in the unit of the times of address events in --data"}
    )
    input_bits: int = field(default=8, metadata={"help": "bits of a pixel of images that such a network takes"})
    fraction_bits: int = field(
        default=16, metadata={"help": "most bits by which membranes of such a network are finer than its weights"}
    )
    granularity: str = field(
        default="per_channel", metadata={"help": "which weights share a scale", "choices": GRANULARITIES}
    )
    calibration: str = field(default="mse", metadata={"help": "how activations are clipped", "choices": CALIBRATIONS})
    fine_tune: int = field(
        default=0, metadata={"help": "epochs of quantisation-aware training (needs labels in --data)"}
    )
    output: str = field(default="logits", metadata={"help": "what the hardware gives", "choices": OUTPUTS})
    objective: str = field(default="area", metadata={"help": "what the hardware minimises", "choices": OBJECTIVES})
    interval: int = field(
        default=0,
        metadata={
            "help": "cycles between images, at most (0: 1024, times the time steps for integrate-and-fire neurons, for "
            "the smallest area if nothing else is asked)"
        },
    )
    latency: int = field(default=0, metadata={"help": "cycles of latency, at most (0: any)"})
    target_fps: float = field(default=0.0, metadata={"help": "images a second, at least (0: any)"})
    target_latency_us: float = field(default=0.0, metadata={"help": "microseconds of latency, at most (0: any)"})
    clock: float = field(default=200.0, metadata={"help": "clock in MHz that images a second and latency refer to"})
    budget: str = field(
        default="",
        metadata={"help": "resources, at most: lut=9500,ff=20000,bram=30,uram=0 (default: what the device has)"},
    )
    pixels: int = field(
        default=0,
        metadata={"help": "neighbouring pixels that the first convolution computes at once (0: what is best)"},
    )
    decisions: str = field(default="", metadata={"help": "a JSON file of choices by unit that are made already"})
    device: str = field(default="xcvu13p", metadata={"help": "FPGA part that use is reported against"})

    def problems(self) -> list[str]:
        """What is wrong with the options, each as a sentence that names the option."""
        found: list[str] = []
        for option in fields(self):
            choices = option.metadata.get("choices")
            value = getattr(self, option.name)
            if choices and value not in choices:
                found.append(f"--{option.name.replace('_', '-')} is {value!r}; supported: {', '.join(choices)}")
        found.extend(self._encoding_problems())
        for name, value, low, high in (
            ("weight-bits", self.weight_bits, 2, 16),
            ("time-steps", self.time_steps, 0, MAX_STEPS),
            ("bin-width", self.bin_width, 0, 1 << 40),
            ("input-bits", self.input_bits, 1, 16),
            ("fraction-bits", self.fraction_bits, 0, 24),
            ("steps", self.steps, 1, MAX_STEPS),
            ("period", self.period, 1, 16),
            ("fine-tune", self.fine_tune, 0, 1000),
            ("interval", self.interval, 0, 1 << 30),
            ("latency", self.latency, 0, 1 << 30),
            ("target-fps", self.target_fps, 0, 1e9),
            ("target-latency-us", self.target_latency_us, 0, 1e9),
            ("clock", self.clock, 1, 2000),
            ("pixels", self.pixels, 0, 64),
        ):
            if not low <= value <= high:
                found.append(f"--{name} is {value}; supported: {low} to {high}")
        found.extend(self._speed_problems())
        found.extend(self._budget_problems())
        if self.device not in (known := parts()):
            found.append(f"--device is {self.device!r}; supported: {', '.join(known)}")
        return found

    @property
    def converts(self) -> bool:
        """Whether a network of ReLUs becomes one of integrate-and-fire neurons."""
        return self.encoding in RATES

    @property
    def only_radix(self) -> bool:
        """Whether all neurons and the image are in radix encoding with the same steps."""
        return self.encoding == "radix" and not self.encoding_by_layer and not self.steps_by_layer

    def _encoding_problems(self) -> list[str]:
        # Encodings are attributes of a dialect, and may come from other packages: not known before they are needed.
        from e3ne.dialects.snn.encodings import neuron_encodings
        from e3ne.passes.layer_encodings import encoding_of

        known = (*neuron_encodings(), *RATES)
        if self.encoding not in known:
            return [f"--encoding is {self.encoding!r}; supported: {', '.join(known)}"]
        if self.converts:
            return [
                f"--{name.replace('_', '-')} does not go with --encoding {self.encoding}"
                for name in ("encoding_by_layer", "steps_by_layer", "weight_bits_by_layer", "fine_tune")
                if getattr(self, name)
            ]
        if not 1 <= self.steps <= MAX_STEPS:
            return []
        try:
            encoding_of(self.encoding, self.steps, self.period)
        except E3neError as error:
            return [f"--steps is {self.steps}: {error}"]
        return []

    def _speed_problems(self) -> list[str]:
        """Speeds that the clock cannot give, which as cycles would be 0: any."""
        if not 1 <= self.clock <= 2000:
            return []
        found: list[str] = []
        if self.target_fps > self.clock * 1e6:
            found.append(
                f"--target-fps is {self.target_fps}: less than a cycle for an image at --clock {self.clock}; at most "
                f"{self.clock * 1e6:.0f} is supported"
            )
        if 0 < self.target_latency_us * self.clock < 1:
            found.append(
                f"--target-latency-us is {self.target_latency_us}: less than a cycle at --clock {self.clock}; at least "
                f"{1 / self.clock:g} is supported"
            )
        return found

    def _budget_problems(self) -> list[str]:
        found, seen = list[str](), set[str]()
        for entry in self.budget.split(",") if self.budget else []:
            name, _, count = entry.partition("=")
            if name not in RESOURCES:
                known = ", ".join(f"{resource}=COUNT" for resource in RESOURCES)
                found.append(f"--budget has {entry!r}, but {name!r} is no resource; supported: {known}")
            elif whole_number(count) is None or (whole_number(count) or 0) < RESOURCES[name] or name in seen:
                shown = entry if len(entry) < 40 else f"{entry[:20]}..."
                found.append(
                    f"--budget has {shown!r}; {name}=COUNT is a whole number, {RESOURCES[name]} or more, of at most "
                    f"{MOST_DIGITS} digits, each resource once"
                )
            seen.add(name)
        return found

    @property
    def limits(self) -> dict[str, int]:
        """What the choice of the hardware must keep: cycles, and resources; 0 stands for any number.

        Resources that the budget does not name are those of the device.
        """
        device = part(self.device)
        budget = dict(entry.split("=") for entry in self.budget.split(",")) if self.budget else {}
        hertz = self.clock * 1e6
        intervals = [self.interval, int(hertz / self.target_fps) if self.target_fps else 0]
        latencies = [self.latency, int(self.target_latency_us * self.clock) if self.target_latency_us else 0]
        interval, latency = (min((asked for asked in both if asked), default=0) for both in (intervals, latencies))
        if self.objective == "area" and not interval and not latency:
            interval = DEFAULT_INTERVAL
        return {
            "interval": interval,
            "latency": latency,
            "lut": int(budget.get("lut", device.lut)),
            "ff": int(budget.get("ff", device.ff)),
            "bram": int(budget.get("bram", device.bram36)),
        }

    def check(self) -> None:
        """Raises E3neError with all problems of the options."""
        problems = self.problems()
        if problems:
            raise E3neError("\n".join(problems))
