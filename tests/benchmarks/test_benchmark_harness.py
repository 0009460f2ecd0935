"""The cost of the harness: images a second under it against a loop written by hand, in turn.

    pytest tests/benchmarks/test_benchmark_harness.py --benchmark-only \
        --benchmark-json results/reference/harness.json
"""

import time

import numpy as np
import pytest

from alexnet_bench.worker.timing import Draw

ROUNDS, STEPS = 1800, 3


@pytest.mark.benchmark(group="one round: a slice of each")
def test_harness_costs_at_most_a_hundredth(benchmark, make_steps):
    """The draw and the loop share the compiled step, so that nothing but the harness differs.

    What a slice takes is what a caller waits for it, with everything around the timed part.
    """
    steps, images, labels = make_steps("alexnet")
    draw = Draw(lambda: steps, input_shape=images.shape[1:], classes=10, batch_size=images.shape[0])

    def by_hand():
        for _ in range(STEPS):
            loss, _ = steps.train(images, labels)
        loss.numpy()

    def under_harness():
        return draw.slice("training", STEPS)["seconds"]

    waited = {by_hand: [], under_harness: []}
    told = []
    rng = np.random.default_rng(0)

    def round_of_both():
        for act in rng.permutation([by_hand, under_harness]):
            started = time.perf_counter()
            seconds = act()
            waited[act].append(time.perf_counter() - started)
            if seconds is not None:
                told.append(seconds)

    benchmark.pedantic(round_of_both, rounds=ROUNDS if benchmark.enabled else 1, warmup_rounds=3)

    hand, harness = (np.log(waited[act][-ROUNDS:]) for act in (by_hand, under_harness))
    difference = hand - harness
    error = difference.std(ddof=1) / np.sqrt(len(difference)) if len(difference) > 1 else np.nan
    benchmark.extra_info |= {
        "ratio": float(np.exp(difference.mean())),
        "interval": [float(np.exp(difference.mean() + sign * 1.96 * error)) for sign in (-1, 1)],
        "images_per_second": STEPS * len(labels) / float(np.exp(harness.mean())),
        "timer_share": float(1 - np.sum(told[-ROUNDS:]) / np.sum(waited[under_harness][-ROUNDS:])),
    }
    assert 0 < sum(told) <= sum(waited[under_harness])
    assert benchmark.disabled or benchmark.extra_info["ratio"] > 0.99
