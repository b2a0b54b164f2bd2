"""What e3ne adds to xDSL's drivers: dialects, passes and targets by name, for `e3ne-opt` and plain `xdsl-opt`.

Everything is named by its import path and imported when it is first used, so that a driver starts at once. To add a
pass, a target or a dialect, add its line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from importlib import import_module
from types import MappingProxyType

from xdsl.ir import Dialect
from xdsl.passes import ModulePass
from xdsl.universe import Universe
from xdsl.utils.target import Target

DIALECTS: Mapping[str, str] = MappingProxyType(
    {
        "dataflow": "e3ne.dialects.dataflow:Dataflow",
        "rtl": "e3ne.dialects.rtl:RTL",
        "snn": "e3ne.dialects.snn:SNN",
    }
)
"""Import path (`module:object`) of each dialect, by its name."""

PASSES: Mapping[str, str] = MappingProxyType(
    {
        "convert-dataflow-to-rtl": "e3ne.passes.convert_dataflow_to_rtl:ConvertDataflowToRtlPass",
        "convert-rtl-to-circt": "e3ne.passes.convert_rtl_to_circt:ConvertRtlToCirctPass",
        "convert-snn-to-dataflow": "e3ne.passes.convert_snn_to_dataflow:ConvertSnnToDataflowPass",
        "dataflow-check-ranges": "e3ne.passes.dataflow_check_ranges:DataflowCheckRangesPass",
        "dataflow-choose": "e3ne.passes.dataflow_choose:DataflowChoosePass",
        "dataflow-fold": "e3ne.passes.dataflow_fold:DataflowFoldPass",
        "dataflow-insert-fifos": "e3ne.passes.dataflow_insert_fifos:DataflowInsertFifosPass",
        "dataflow-legalize-streams": "e3ne.passes.dataflow_legalize_streams:DataflowLegalizeStreamsPass",
        "dataflow-parallelize-pixels": "e3ne.passes.dataflow_parallelize_pixels:DataflowParallelizePixelsPass",
        "dataflow-pool-before-fire": "e3ne.passes.dataflow_pool_before_fire:DataflowPoolBeforeFirePass",
        "dataflow-set-target": "e3ne.passes.dataflow_set_target:DataflowSetTargetPass",
        "rtl-check-combinational-loops": "e3ne.passes.rtl_check_combinational_loops:RtlCheckCombinationalLoopsPass",
        "rtl-compare-ahead": "e3ne.passes.rtl_compare_ahead:RtlCompareAheadPass",
        "rtl-split-memories": "e3ne.passes.rtl_split_memories:RtlSplitMemoriesPass",
        "snn-append-argmax": "e3ne.passes.snn_append_argmax:SnnAppendArgmaxPass",
        "snn-calibrate": "e3ne.passes.snn_calibrate:SnnCalibratePass",
        "snn-convert-to-rate": "e3ne.passes.snn_convert_to_rate:SnnConvertToRatePass",
        "snn-count-operations": "e3ne.passes.snn_count_operations:SnnCountOperationsPass",
        "snn-fine-tune": "e3ne.passes.snn_fine_tune:SnnFineTunePass",
        "snn-fold-batch-norm": "e3ne.passes.snn_fold_batch_norm:SnnFoldBatchNormPass",
        "snn-quantize": "e3ne.passes.snn_quantize:SnnQuantizePass",
        "snn-quantize-spiking": "e3ne.passes.snn_quantize_spiking:SnnQuantizeSpikingPass",
    }
)
"""Import path (`module:class`) of each pass, by its name."""

TARGETS: Mapping[str, str] = MappingProxyType(
    {
        "circt": "e3ne.backends.circt.target:CirctTarget",
        "cycle-model": "e3ne.backends.cycle_model.target:CycleModelTarget",
        "dot": "e3ne.backends.dot:DotTarget",
        "verilog": "e3ne.backends.verilog.target:VerilogTarget",
    }
)
"""Import path (`module:class`) of each target, by its name."""


def _load(path: str) -> object:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def _load_dialect(path: str) -> Dialect:
    dialect = _load(path)
    assert isinstance(dialect, Dialect), f"{path} is not a dialect"
    return dialect


def _load_pass(path: str) -> type[ModulePass]:
    found = _load(path)
    assert isinstance(found, type), f"{path} is not a class"
    assert issubclass(found, ModulePass), f"{path} is not a pass"
    return found


def _load_target(path: str) -> type[Target]:
    found = _load(path)
    assert isinstance(found, type), f"{path} is not a class"
    assert issubclass(found, Target), f"{path} is not a target"
    return found


E3NE_UNIVERSE = Universe(
    all_dialects={name: partial(_load_dialect, path) for name, path in DIALECTS.items()},
    all_passes={name: partial(_load_pass, path) for name, path in PASSES.items()},
    all_targets={name: partial(_load_target, path) for name, path in TARGETS.items()},
)
"""The plugin that the entry point group `xdsl.universe` names."""
