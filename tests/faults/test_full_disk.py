"""A disk that is full as a real trial ends."""

import pytest

from alexnet_bench.records.run_folder import run_records

FILLS = """
    import os
    from pathlib import Path

    from alexnet_bench import ALEXNET, Ablation, block

    FILLER = Path({filler!r})


    @block()
    def fills(**layer):
        import keras

        if FILLER.exists():
            with FILLER.open("wb", buffering=0) as file:
                try:
                    while True:
                        file.write(bytes(2**12))
                except OSError:
                    # A record fits, predictions do not.
                    file.truncate(file.tell() - 2**13)
        return keras.layers.Identity()


    FILLS = Ablation(
        name="fills",
        factor="normalization",
        control=ALEXNET,
        arms=[ALEXNET.but("fills", normalization=fills)],
    )
"""


def test_a_trial_whose_predictions_do_not_fit_is_done_again_when_there_is_room(
    bench, write_ablations, small_disk
):
    (filler := small_disk / "filler").touch()
    ablations = write_ablations({"fills.py": FILLS.format(filler=str(filler))})
    folder = small_disk / "run"
    arguments = ["--variants", "fills", "--control", "fills", "--measure", "accuracy", "--epochs", 1]
    code, _, err = bench(
        "run", *arguments, "--seeds", 1, "--jobs", 1, "--ablations", ablations, "--out", folder
    )
    assert code in (1, 2) and "No space left on device" in err
    filler.unlink()

    code, _, err = bench("run", "--resume", folder)

    assert code == 0, err
    (record,) = run_records(folder)
    assert record.status == "ok" and (folder / record.predictions).is_file()


pytestmark = pytest.mark.filterwarnings("ignore::alexnet_bench.errors.BenchWarning")
