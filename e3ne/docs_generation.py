"""`make docs`: writes docs/passes.md from the code, so that it cannot say anything else.

Passes, targets and their texts are those of `e3ne.universe`, stages those of `e3ne.passes.pipelines`, options those of
`e3ne.options`.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

from xdsl.passes import ModulePass
from xdsl.utils.target import Target

from e3ne.options import Options
from e3ne.passes.effects import Effect
from e3ne.passes.pipelines import Stage, hardware_stages, network_stages
from e3ne.universe import E3NE_UNIVERSE, PASSES

PAGE = Path(__file__).parent.parent / "docs" / "passes.md"

HEAD = """\
# Passes, pipelines and options

<!-- Written by `make docs` from the code: change the docstrings, not this page. -->

A pass is given to `e3ne-opt -p` by its name, its options in braces: `-p 'dataflow-fold{interval=400}'`.
Several passes are separated by commas. `e3ne compile` runs the stages of [the pipeline](#the-pipeline-of-e3ne-compile).
"""


def page() -> str:
    """The text of docs/passes.md."""
    parts = [HEAD, "## The pipeline of `e3ne compile`\n", _pipeline(), "## Passes\n"]
    parts.extend(_pass(name) for name in PASSES)
    parts.append("## Targets\n\nA target is given to `e3ne-opt -t`; without one the module itself is printed.\n")
    parts.extend(_target(factory()) for factory in E3NE_UNIVERSE.all_targets.values())
    parts += ["## Options of `e3ne compile`\n", _compile_options()]
    return "\n".join(parts)


def _pipeline() -> str:
    data = "OUT/ir/data.npz"
    text = (
        "The module after a stage is OUT/ir/NN-STAGE.mlir. The passes are shown with the options that follow from the "
        "defaults.\nThe network itself is `00-float.mlir`.\n\n"
        "- With `--fine-tune` there is the stage `tuned`. A network that comes fine-tuned has `00-tuned.mlir` and goes "
        "on with\n  `integer`.\n"
        "- With `--encoding rate` or `direct` the stage `converted` (`snn-convert-to-rate`) takes the place of "
        "`calibrated`, and\n  `integer` begins with `snn-quantize-spiking`.\n"
        "- Networks of integrate-and-fire neurons go from `00-float.mlir` to `integer` by `snn-quantize-spiking` and\n"
        "  `snn-count-operations`, quantised ones (`00-quantised.mlir`) by `snn-count-operations` alone.\n"
        "- `--output class` puts `snn-append-argmax` into `integer`.\n"
        "- For ECP5 `chosen` begins with `dataflow-set-target`, and `rtl` has `rtl-split-memories`, `canonicalize`, "
        "`cse`,\n  `rtl-compare-ahead`, `cse` between its first and its last pass.\n"
    )
    stages = [*network_stages(Options(fine_tune=20), data), *hardware_stages(Options())]
    return f"{text}\n{_table(('stage', 'passes', 'why it stands here'), map(_stage_row, stages))}"


def _stage_row(stage: Stage) -> tuple[str, ...]:
    return (f"`{stage.name}`", "<br>".join(f"`{each}`" for each in stage.passes), stage.reason)


def _pass(name: str) -> str:
    found = E3NE_UNIVERSE.all_passes[name]()
    lines = [f"### {name}\n", _module_text(found, f"`{name}`: "), _text(found)]
    effect = getattr(found, "effect", Effect.KEEPS)
    if effect is not Effect.KEEPS:
        lines.append(f"What `--verify-semantics` holds it to: {effect.value}.\n")
    options = fields(found)
    if options:
        meaning = attribute_docstrings(found)
        rows = ((*_option(option), meaning.get(option.name, "")) for option in options)
        lines.append(_table(("option", "type", "default", "meaning"), rows))
    return "\n".join(lines)


def _target(found: type[Target]) -> str:
    return "\n".join([f"### {found.name}\n", _module_text(found, f"The target `{found.name}`: "), _text(found)])


def _module_text(found: type[ModulePass] | type[Target], prefix: str) -> str:
    """What the module says, which begins with the name of what it holds."""
    text = (inspect.getdoc(inspect.getmodule(found)) or "").removeprefix(prefix)
    return f"{text[:1].upper()}{text[1:]}\n"


def _text(found: type[ModulePass] | type[Target]) -> str:
    """What the class says."""
    return f"{inspect.getdoc(found)}\n"


def attribute_docstrings(found: type) -> Mapping[str, str]:
    """The strings that stand below the attributes of a class."""
    (body,) = (node.body for node in ast.parse(inspect.getsource(found)).body if isinstance(node, ast.ClassDef))
    texts: dict[str, str] = {}
    for node, after in pairwise(body):
        if (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
            and isinstance(after.value.value, str)
        ):
            texts[node.target.id] = " ".join(after.value.value.split())
    return texts


def _option(option: Field[Any]) -> tuple[str, str, str]:
    """Name as it is written in a pipeline, type, default."""
    kind = option.type if isinstance(option.type, str) else option.type.__name__
    default = "needed" if option.default is MISSING else f"`{option.default}`".lower()
    return f"`{option.name.replace('_', '-')}`", kind, default


def _compile_options() -> str:
    return _table(
        ("option", "default", "meaning", "choices"),
        (
            (
                f"`--{option.name.replace('_', '-')}`",
                f"`{option.default}`",
                str(option.metadata["help"]),
                ", ".join(f"`{choice}`" for choice in option.metadata.get("choices", ())),
            )
            for option in fields(Options)
        ),
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def main() -> None:
    """Writes the page."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
