"""What a user may ask of a compilation. One place for the command line, the Python interface and the report."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from e3ne.devices.parts import parts
from e3ne.errors import E3neError

ENCODINGS = ("radix",)
GRANULARITIES = ("per_channel", "per_layer", "power_of_two")
CALIBRATIONS = ("mse", "max", "percentile")
OUTPUTS = ("logits", "class")


@dataclass(frozen=True)
class Options:
    """Options of `e3ne compile`; the metadata of a field is its help text."""

    encoding: str = field(default="radix", metadata={"help": "neural encoding", "choices": ENCODINGS})
    steps: int = field(default=4, metadata={"help": "time steps T of a spike train, 1 to 8"})
    weight_bits: int = field(default=4, metadata={"help": "bits W of a weight, 2 to 8"})
    granularity: str = field(
        default="per_channel", metadata={"help": "which weights share a scale", "choices": GRANULARITIES}
    )
    calibration: str = field(default="mse", metadata={"help": "how activations are clipped", "choices": CALIBRATIONS})
    fine_tune: int = field(
        default=0, metadata={"help": "epochs of quantisation-aware training (needs labels in --data)"}
    )
    output: str = field(default="logits", metadata={"help": "what the hardware gives", "choices": OUTPUTS})
    interval: int = field(default=1024, metadata={"help": "cycles between images that the folding aims at"})
    dense_interval: int = field(
        default=0,
        metadata={"help": "the same for layers over one vector (0: half as many)"},
    )
    pixels: int = field(default=1, metadata={"help": "neighbouring pixels that the first convolution computes at once"})
    device: str = field(default="xcvu13p", metadata={"help": "FPGA part that use is reported against"})

    def problems(self) -> list[str]:
        """What is wrong with the options, each as a sentence that names the option."""
        found: list[str] = []
        for option in fields(self):
            choices = option.metadata.get("choices")
            value = getattr(self, option.name)
            if choices and value not in choices:
                found.append(f"--{option.name.replace('_', '-')} is {value!r}; supported: {', '.join(choices)}")
        for name, value, low, high in (
            ("weight-bits", self.weight_bits, 2, 8),
            ("steps", self.steps, 1, 8),
            ("fine-tune", self.fine_tune, 0, 1000),
            ("interval", self.interval, 1, 1 << 30),
            ("dense-interval", self.dense_interval, 0, 1 << 30),
            ("pixels", self.pixels, 1, 64),
        ):
            if not low <= value <= high:
                found.append(f"--{name} is {value}; supported: {low} to {high}")
        if self.device not in (known := parts()):
            found.append(f"--device is {self.device!r}; supported: {', '.join(known)}")
        return found

    def check(self) -> None:
        """Raises E3neError with all problems of the options."""
        problems = self.problems()
        if problems:
            raise E3neError("\n".join(problems))
