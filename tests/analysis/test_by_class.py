"""Which classes are taken for which, from the predictions that trials left."""

import msgspec
import numpy as np
import pytest
from report_runs import changed, in_run, manifest, trial

from alexnet_bench.analysis.by_class import class_errors
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.show.classes import confusions_data, make_confusions


@pytest.fixture
def predicted(tmp_path):
    """Make a trial that took images of these classes for those."""

    def made(variant, seed, labels, taken):
        name = f"{variant}-{seed}.npz"
        np.savez(tmp_path / name, labels=labels, likeliest=np.array([[first, 9] for first in taken]))
        return trial(variant, seed, classes=3, predictions=name)

    return made


def counted(folder, records, **plan):
    run = manifest()
    plans = Plans(
        [msgspec.structs.replace(run, plan=msgspec.structs.replace(run.plan, **plan))], {"run-a": folder}
    )
    return class_errors(in_run(records), plans), plans


def test_images_are_counted_over_all_seeds(predicted, tmp_path):
    records = [
        predicted("alexnet", 0, [0, 0, 1, 2], [0, 1, 1, 2]),
        predicted("alexnet", 1, [0, 0, 1, 2], [0, 0, 2, 2]),
        predicted("no-lrn", 0, [0, 0, 1, 2], [0, 0, 1, 2]),
    ]

    (found,), plans = counted(tmp_path, records, class_names=("cat", "dog", "owl"))

    assert found.counts["alexnet"].tolist() == [[3, 1, 0], [0, 1, 1], [0, 0, 2]]
    assert found.errors["alexnet"].tolist() == [25, 50, 0]
    (shown,) = make_confusions([found], plans)
    assert shown.confused.rows == [["alexnet", "dog", "owl", "50.00"], ["alexnet", "cat", "dog", "25.00"]]
    assert shown.errors.rows == [
        ["alexnet", "25.00", "50.00", "0.00"],
        ["no-lrn", "0.00", "0.00", "0.00"],
    ]
    assert confusions_data([found], plans)["images"].sum() == 12


def test_what_is_no_class_and_what_is_missing_is_not_counted(predicted, tmp_path):
    records = [
        predicted("alexnet", 0, [0, 7], [0, 1]),
        predicted("alexnet", 1, np.array([0, np.nan]), [0, 1]),
        trial("no-lrn", 0, classes=3, predictions="gone.npz"),
        trial("no-lrn", 1, classes=3),
    ]

    assert counted(tmp_path, records)[0] == []


def test_a_class_without_images_has_no_error(predicted, tmp_path):
    (found,), plans = counted(tmp_path, [predicted("alexnet", 0, [0, 1], [0, 1])])

    (shown,) = make_confusions([found], plans)
    assert shown.errors.rows == [["alexnet", "0.00", "0.00", "–"]]
    assert shown.confused.rows == []


def test_very_many_classes_are_not_counted(predicted, tmp_path):
    records = changed([predicted("alexnet", 0, [0], [0])], classes=10**9)

    assert counted(tmp_path, records)[0] == []
