"""Names of networks, layers and parameters: whatever they are, files and modules get plain ones that do not clash."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tests.hostile.case import Arguments, accepted, add, compile_, refused
from tests.hostile.mlir_cases import NETWORK, write

NAMES = {
    "word_of_verilog": "module",
    "word_of_systemverilog": "logic",
    "word_of_cplusplus": "int",
    "path_upwards": "../../x",
    "absolute_path": "/elsewhere/x",
    "dots": "..",
    "nothing": "",
    "blank": "a b",
    "10000_characters": "x" * 10_000,
    "unicode": "ünï→網",
    "control_characters": "a\\00\\0A\\0Db",
    "end_of_module": "x\\0Aendmodule\\0Amodule y; initial $finish; endmodule",
    "end_of_comment": "*/ x /*",
    "end_of_docstring": "\\22\\22\\22\\0Aimport os; os.mkdir('PWNED')\\0A\\22\\22\\22",
    "command_of_a_shell": "$(mkdir PWNED); `mkdir PWNED`; 'x",
    "option": "-o",
    "markup": "[/b][bold",
    "template": "{{ 7 * 7 }}{% raw %}",
    "clock": "clk",
    "port": "s_axis_tdata",
    "our_testbench": "e3ne_testbench",
    "our_source": "input_source",
    "our_unit": "layer1_matvec",
    "our_fifo": "layer2_fire_fifo",
    "our_file": "report.json",
    "device_of_windows": "CON",
    "digits": "123",
    "method_of_python": "__class__",
}


def _network(name: str, folder: Path) -> Arguments:
    return compile_(write(folder, NETWORK.replace("@net", f'@"{name}"')))


def _layer(name: str, folder: Path) -> Arguments:
    return compile_(write(folder, NETWORK.replace('"1"', f'"{name}"')))


for _what, _name in NAMES.items():
    add(f"names/network_{_what}", partial(_network, _name), accepted=True)
    add(f"names/layer_{_what}", partial(_layer, _name), accepted=True)


@accepted("names")
def layers_that_clash_when_they_are_legal(folder: Path) -> Arguments:
    return compile_(write(folder, NETWORK.replace('"1"', '"a b"').replace('"2"', '"a-b"').replace('"3"', '"a_b"')))


@accepted("names")
def parameters_with_hostile_names(folder: Path) -> Arguments:
    text = (
        NETWORK.replace("@a_weight", '@"../../x"').replace("@a_bias", '@"a\\00\\0A"').replace("@b_weight", '@"\u7db2"')
    )
    return compile_(write(folder, text))


@refused("names", "exists and is not an output of e3ne")
def out_is_the_folder_above(folder: Path) -> Arguments:
    return ["compile", write(folder, NETWORK), "-o", ".."]


@refused("names", "cannot be written", "File name too long")
def out_of_10000_characters(folder: Path) -> Arguments:
    return ["compile", write(folder, NETWORK), "-o", "x" * 10_000]


@refused("names", "/dev/null")
def out_is_a_device(folder: Path) -> Arguments:
    return ["compile", write(folder, NETWORK), "-o", "/dev/null"]


@refused("names", "/proc/out", "cannot be written")
def out_where_nobody_writes(folder: Path) -> Arguments:
    return ["compile", write(folder, NETWORK), "-o", "/proc/out"]


@refused("names", "x.mlir", "File name too long")
def a_model_of_10000_characters(folder: Path) -> Arguments:
    return compile_("x" * 10_000 + ".mlir")


@refused("names", "[/b][bold.mlir", "does not exist")
def a_model_of_markup(folder: Path) -> Arguments:
    return compile_(folder / "[/b][bold.mlir")
