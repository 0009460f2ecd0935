"""A disk that is full as a real trial ends."""

from alexnet_bench.records.run_folder import run_records

FILLS = """
    import contextlib
    from pathlib import Path

    from alexnet_bench import ALEXNET, Ablation, block

    DISK = Path({disk!r})


    @block()
    def fills(**layer):
        import keras

        # Where a record is, another one fits into what is left of its file's last block.
        if (DISK / "filler").exists() and (DISK / "run" / "records.jsonl").stat().st_size:
            with (DISK / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(bytes(2**12))
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
    ablations = write_ablations({"fills.py": FILLS.format(disk=str(small_disk))})
    folder = small_disk / "run"
    arguments = ["--variants", "fills", "--control", "fills", "--measure", "accuracy", "--epochs", 1]
    code, _, err = bench(
        "run", *arguments, "--seeds", 2, "--jobs", 1, "--ablations", ablations, "--out", folder
    )
    assert code == 2
    assert ".npz cannot be written (No space left on device); make room" in " ".join(err.split())
    filler.unlink()

    code, _, err = bench("run", "--resume", folder)

    assert code == 0, err
    records = run_records(folder)
    assert [record.status for record in records] == ["ok", "ok"]
    assert all((folder / record.predictions).is_file() for record in records)
