"""What a gate of code says of thresholds that it has no use for."""

from pathlib import Path

from report_runs import changed, draws

from alexnet_bench.analysis.quantities import read_thresholds
from alexnet_bench.api import Timed
from alexnet_bench.cli import gate_ways
from alexnet_bench.run.project import Project


def test_a_variants_threshold_on_the_time_of_a_benchmark_is_named(monkeypatch):
    head = [record for name in ("alexnet", "no-lrn") for record in draws(name, *range(10, 16))]
    records = [*head, *changed(head, side="base")]
    timed = Timed(records=records, against="main", run=Path("run"), asked=[])
    monkeypatch.setattr(gate_ways, "time_sides", lambda **how: timed)
    own = {"no-lrn": {"time": "9%"}, "alexnet": {"training": "4%"}, "t.py::a": {"time": "9%"}}

    found = gate_ways.against_code(Project(thresholds=read_thresholds(own)), None, Path("python"))

    assert found.notes == [
        "thresholds: time of no-lrn is not used: it is for benchmarks; of a variant, training, inference, "
        "memory and start-up are gated"
    ]
