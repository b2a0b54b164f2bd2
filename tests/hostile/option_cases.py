"""Options of every command: not a number, below zero, huge, empty, words."""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from pathlib import Path

from e3ne.options import Options
from tests.hostile.case import Arguments, accepted, add, compile_
from tests.hostile.mlir_cases import NETWORK, write

HUGE = "9" * 5_000
WRONG_NUMBERS = {"below_zero": "-7", "huge": "99999999999999999999", "a_word": "four", "empty": "", "a_fraction": "1.5"}
WRONG_TEXTS = {"a_word": "evil", "unicode": "網", "markup": "[/b]"}
LISTS = ("encoding_by_layer", "steps_by_layer", "weight_bits_by_layer", "budget")
WRONG_LISTS = {
    "without_a_value": "1",
    "of_nothing": "=",
    "of_commas": ",,,",
    "of_unknown_layers": "nowhere=3",
    "of_huge_numbers": f"1={HUGE}",
    "of_digits_elsewhere": "1=\u0664",
    "of_superscripts": "1=\u00b2",
    "of_two_values": "1=3=4",
    "twice": "1=3,1=4",
    "below_zero": "1=-3",
    "of_blanks": " = ",
}


def _compiled(options: tuple[str, ...], folder: Path) -> Arguments:
    return compile_(write(folder, NETWORK), *options)


def _bad(name: str, option: str, value: str, *says: str) -> None:
    add(f"options/{name}", partial(_compiled, (f"--{option}={value}",)), *(says or (f"--{option}",)))


for _option in fields(Options):
    _name = _option.name.replace("_", "-")
    if _option.name in LISTS:
        for _what, _value in WRONG_LISTS.items():
            # a pass of the same option says so, or names what the option sets
            _bad(f"{_name}_{_what}", _name, _value, "encoding" if _name == "encoding-by-layer" else _name)
    elif isinstance(_option.default, str):
        for _what, _value in WRONG_TEXTS.items():
            _bad(f"{_name}_{_what}", _name, _value, *(("cannot be read as JSON",) if _name == "decisions" else ()))
    else:
        for _what, _value in WRONG_NUMBERS.items():
            # a fraction is what numbers with one may be
            if _what != "a_fraction" or not isinstance(_option.default, float):
                _bad(f"{_name}_{_what}", _name, _value)
        for _what in ("nan", "inf", HUGE):
            _bad(f"{_name}_{_what[:6]}", _name, _what)

for _what, _value in {"huge": HUGE + ",1,1", "of_2_to_the_40": "1,1048576,1048576", "unicode": "網,1,1"}.items():
    _bad(f"input-shape_{_what}", "input-shape", _value)


def _decisions(content: bytes, folder: Path) -> Arguments:
    (folder / "d.json").write_bytes(content)
    return compile_(write(folder, NETWORK), "--decisions", folder / "d.json")


for _what, _content in {
    "empty": b"",
    "no_json": b"{",
    "nested": b"[" * 100_000,
    "a_list": b"[]",
    "a_number": b"1",
    "no_text": b"\xff",
    "of_no_unit": b'{"nowhere": {}}',
    "of_a_list": b'{"layer1_matvec": []}',
    "of_nothing": b'{"layer1_matvec": null}',
    "of_no_choice": b'{"layer1_matvec": {"evil": 1}}',
    "of_a_wrong_kind": b'{"layer1_matvec": {"output_lanes": "x"}}',
    "of_a_nested_kind": b'{"layer1_matvec": {"output_lanes": {"a": []}}}',
    "not_a_number": b'{"layer1_matvec": {"output_lanes": NaN}}',
    "huge": b'{"layer1_matvec": {"output_lanes": ' + HUGE.encode() + b"}}",
}.items():
    add(f"options/decisions_{_what}", partial(_decisions, _content), "d.json")


def _raw(arguments: tuple[str, ...], folder: Path) -> Arguments:
    return [argument.replace("MODEL", str(write(folder, NETWORK))) for argument in arguments]


def _command(name: str, *arguments: str, says: tuple[str, ...]) -> None:
    add(f"options/{name}", partial(_raw, arguments), *says)


_command("no_command", says=("COMMAND",))
_command("unknown_command", "destroy", says=("destroy",))
_command("nothing_to_compile", "compile", says=("MODEL",))
_command("an_empty_model", "compile", "", "-o", "out", says=("no reference network ''",))
_command("a_model_without_a_suffix", "compile", "網", "-o", "out", says=("網",))
_command("an_empty_out", "compile", "MODEL", "-o", "", says=("is the current folder",))
for _name, _values in {
    "minutes": ("-1", "0", "x", HUGE),
    "steps": ("", "0", "-1", "x", ",", "1,,2", HUGE, "²"),
    "weight-bits": ("", "0", "-1", "x", "99", HUGE, "²"),
    "accuracy-floor": ("nan", "-1", "101", "x", "inf"),
    "device": ("", "abacus"),
}.items():
    for _number, _value in enumerate(_values):
        _arguments = ("explore", "MODEL", "-o", "out", f"--{_name}={_value}")
        _command(f"explore_{_name}_{_number}", *_arguments, says=(f"--{_name}",))
for _name, _values in {
    "encodings": ("", "morse", ",", "rate,,rate"),
    "steps": ("", "0", "-1", "x", ",", HUGE, "²", "5000"),
    "weight-bits": ("0", "-1", "x", "99", HUGE),
    "period": ("0", "-1", "99", HUGE),
}.items():
    for _number, _value in enumerate(_values):
        _command(f"compare_{_name}_{_number}", "compare", "MODEL", f"--{_name}={_value}", says=(f"--{_name}",))
_command("compare_into_a_file", "compare", "MODEL", "-o", "/dev/null", says=("/dev/null",))
_command("explore_into_a_file", "explore", "MODEL", "-o", "/dev/null", says=("/dev/null",))
_command("explore_into_10000_characters", "explore", "MODEL", "-o", "x" * 10_000, says=("File name too long",))
_command("compare_into_10000_characters", "compare", "MODEL", "-o", "x" * 10_000, says=("File name too long",))
_command("calibrate_without_a_family", "calibrate", says=("--family",))
_command("calibrate_an_unknown_family", "calibrate", "--family", "abacus", says=("abacus",))
_command("calibrate_no_samples", "calibrate", "--family", "ecp5", "--samples", "0", says=("--samples",))


@accepted("options")
def out_is_named_as_markup(folder: Path) -> Arguments:
    (folder / "[b]").mkdir()
    return compile_(write(folder, NETWORK, "[b]/[m].mlir"))
