"""What the page's own script computes effects from anew."""

from collections.abc import Sequence
from typing import Any

from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.schema import AnyRecord


def page_data(records: Sequence[AnyRecord], plans: Plans) -> dict[str, Any]:
    """Nothing yet."""
    return {}
