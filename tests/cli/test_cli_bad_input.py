"""Whatever a user gets wrong is one message that names the remedy, exit code 2, and nothing left behind."""

import json
import shlex

import pytest
from PIL import Image

from alexnet_bench.network.registry import shipped_folder
from alexnet_bench.records.schema import SCHEMA_VERSION
from alexnet_bench.run.run import start_run
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings

CIFAR_RECORD_BYTES = 3073
ABLATION = """
from alexnet_bench import ALEXNET, Ablation

ARM = ALEXNET.but("{name}-arm", dropout=0.1)
MINE = Ablation(name="{name}", factor="several", control=ALEXNET, arms=[ARM])
"""
BLOCK = """
from alexnet_bench import ALEXNET, Ablation, block


@block(parameters={parameters})
def mine(**layer):
    pass


ARM = ALEXNET.but("mine", normalization=mine)
MINE = Ablation(name="mine", factor="normalization", control=ALEXNET, arms=[ARM])
"""


@pytest.fixture(autouse=True)
def workplace(tmp_path, monkeypatch):
    """The folder that a command is typed in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def refusal(bench, workplace, no_workers):
    """Type a command that must be refused before any worker starts, and return the message."""

    def contents():
        return {path: path.is_file() and path.read_bytes() for path in workplace.rglob("*")}

    def call(*arguments):
        before = contents()
        code, out, err = bench(*arguments)
        assert code == 2
        assert out == ""
        assert "Traceback" not in err
        usage, found, message = err.partition("Error: ")
        assert found
        assert usage == "" or usage.startswith("Usage: bench")
        assert message.count("\n") == 1
        assert contents() == before
        return message.strip()

    return call


def write_images(folder, count, size=4):
    folder.mkdir(parents=True)
    for number in range(count):
        Image.new("RGB", (size, size), (number, 0, 0)).save(folder / f"{number:02}.png")


def test_unknown_variants_and_ablations_are_all_named(refusal):
    message = refusal("run", "--variants", "no-lnr,@drop,alexnet,tanhh+no-lrn")

    assert "unknown variants 'no-lnr' (did you mean 'no-lrn'?), 'tanhh' (did you mean 'tanh'?)" in message
    assert "'@drop' (did you mean '@dropout'?)" in message
    assert message.endswith(" to choose from, which `bench list` shows")
    assert "overlapping" not in message


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # Names.
        ("run --dataset digit", "unknown data set 'digit' (did you mean 'digits'?); choose from: cifar10, "),
        ("run --topology alexnet-33", "unknown topology 'alexnet-33' (did you mean 'alexnet-32'?); choose"),
        ("run --time-topology alexnet", "unknown topology 'alexnet' (did you mean 'alexnet-"),
        (
            "run --recipe papr",
            "unknown recipe 'papr' (did you mean 'paper'?); choose from: 11pct, 13pct",
        ),
        ("run --measure acuracy,speed", "unknown measures 'acuracy' (did you mean 'accuracy'?), 'speed'; "),
        ("run --measure ,", "no measure is given; choose from: accuracy, throughput"),
        ("run --measure throughput --dataset digit", "unknown data set 'digit'"),
        ("run --measure throughput --topology alexnet", "unknown topology 'alexnet'"),
        ("run --measure throughput --variants no-augmentation", "nothing is left to time: no-augmentation"),
        ("run --control no-lnr", "unknown variant 'no-lnr' (did you mean 'no-lrn'?)"),
        ("run --control @lrn", "'@lrn' means 2 variants; name one"),
        ("run --variants ,", "the selection of variants is empty; give names, or `all`"),
        ("run --variants no-lrn+notebook", "'no-lrn+notebook' sets normalization twice; add variants that "),
        ("run --variants no-*+tanh", "'no-*+tanh' adds no-*, which may mean several; name the variants"),
        ("run --variants two-gpu+single-tower", "only towers can be split; it has one"),
        ("run --preset fast", "'fast' is not one of 'quick', 'standard', 'paper'"),
        ("run --devices tpu", "'tpu' is not one of 'auto', 'cpu', 'gpu'"),
        ("run --precision float8", "unknown precision 'float8'"),
        ("run --tune momentum", "'momentum' is not one of 'lr', 'lr-per-seed'"),
        ("run --varaints all", "No such option"),
        ("runn", "unknown command 'runn' (did you mean 'run'?)"),
        ("run lrn", "Got unexpected extra argument (lrn)"),
        ("show no-lnr", "unknown variant 'no-lnr' (did you mean 'no-lrn'?)"),
        ("show no-*", "'no-*' means 7 variants; name one"),
        ("show alexnet --topology alexnet-33", "unknown topology 'alexnet-33'"),
        ("show", "give a variant, such as alexnet"),
        ("report", "Missing argument"),
        ("report one another", "give --out when reporting several runs together"),
        ("list --ablations none", "none is not a folder; give one that holds ablation files (*.py)"),
        # Numbers.
        ("show alexnet --classes 1", "1 is not in the range 2<=x<=1000000"),
        ("run --interval much", "'much' is no share such as 0.5%"),
        ("run --interval 0%", "'0%' is no share such as 0.5%"),
        ("run --interval 150%", "'150%' is no share such as 0.5%"),
        ("run --interval nan", "'nan' is no share"),
        ("run --budget soon", "'soon' is no time such as 90s, 10m or 2h"),
        ("run --budget 1.2.3s", "'1.2.3s' is no time"),
        ("run --budget 0s", "budget is 0; it must be more than 0"),
        (f"run --budget {'9' * 400}", "budget is inf; it must be a finite number"),
        ("run --time-threads two", "'two' is no pair of thread counts such as 1x2"),
        ("run --time-threads 0x2", "time threads is 0; it must be at least 1"),
        (f"run --time-threads 1x{'9' * 5000}", "is no pair of thread counts"),
        ("run --time-threads 1000000x1", "time threads is 1000000; it must be at most 1,000"),
        ("run --seeds 1000000000", "seeds is 1000000000; it must be at most 100,000"),
        (f"run --seeds {'9' * 5000}", "is not a valid integer"),
        ("run --time-batch-size 16,,32", "'16,,32' is no list of whole numbers"),
        # Data sets, and the paths that they need.
        (
            "run --dataset folder:none",
            "none: no such folder; expected JPEG, PNG, WebP, BMP or GIF files in ",
        ),
        ("run --dataset folder:", "'folder:' names no folder; write folder:PATH"),
        ("run --dataset folder", "'folder' names no folder; write folder:PATH"),
        ("run --dataset digits:here", "the data set digits takes no path; write digits"),
        ("run --dataset cifar10:", "'cifar10:' names no folder; write cifar10[:PATH]"),
        ("run --dataset fashion-mnist:none", "none: no such folder"),
        # Paths have names.
        ("run --out ''", "the name is empty; give a folder"),
        ("run --resume ''", "the name is empty; give a folder"),
        ("run --ablations ''", "the name is empty; give a folder"),
        ("report ''", "the name is empty; give a folder"),
        ("claims ''", "the name is empty; give a folder"),
        ("report run --out ''", "the name is empty; give a folder"),
        ("compare --base main --out ''", "the name is empty; give a folder"),
        ("compare '' run", "the name is empty; give a folder"),
        ("gate --out ''", "the name is empty; give a folder"),
        ("gate --baseline ''", "the name is empty; give a folder"),
        ("gate --junit ''", "the name is empty; give a file"),
        ("gate --history ''", "the name is empty; give a file"),
        ("history ''", "the name is empty; give a file"),
        ("run --out ~nobody-of-that-name/run", "there is no such home folder"),
    ],
    ids=lambda part: part[:40],
)
def test_what_cannot_be_used_is_refused_in_one_line(refusal, line, expected):
    arguments = shlex.split(line)

    assert expected in refusal(*arguments)
    if arguments[0] == "run":
        assert expected in refusal(*arguments, "--dry-run")


# -- numbers


@pytest.mark.parametrize("option", ["--seeds", "--epochs", "--batch-size", "--time-batch-size", "--jobs"])
def test_a_number_must_be_at_least_one(refusal, option):
    name = option.removeprefix("--").replace("-", " ")

    assert refusal("run", option, "0") == f"{name} is 0; it must be at least 1"
    assert refusal("run", option, "-3") == f"{name} is -3; it must be at least 1"
    message = refusal("run", option, "many")
    assert "'many' is not a valid integer" in message or "'many' is no list of whole numbers" in message


def test_a_batch_may_not_be_larger_than_the_data(refusal, workplace, write_ablations):
    expected = "a batch of 2000 is more than digits's 1293 training images; give a smaller --batch-size"
    assert refusal("run", "--batch-size", "2000") == expected

    for name in ("cat", "dog"):
        write_images(workplace / "pets" / name, 8)
    assert "a batch of 128 is more than folder:pets's" in refusal(
        "run", "--dataset", "folder:pets", "--batch-size", "128"
    )

    text = ABLATION.format(name="mine").replace("dropout=0.1", "recipe={'batch_size': 2000}")
    mine = write_ablations({"mine.py": text})
    assert refusal("run", "--variants", "@mine", "--ablations", mine) == expected


@pytest.mark.parametrize(
    "options",
    [["--dataset", "folder:none"], ["--dataset", "cifar10:none"], ["--batch-size", "2000"]],
    ids=" ".join,
)
def test_what_is_only_timed_is_not_held_to_data_that_it_does_not_use(bench, options):
    timed = ["run", "--dry-run", "--variants", "@lrn", "--measure", "throughput"]

    assert bench(*timed, *options).code == 0
    assert bench(*timed, *options, "--time-topology", "alexnet-32").code == (0 if "2000" in options else 2)


@pytest.mark.parametrize("size", ["1", "100000"])
def test_what_is_only_trained_is_not_held_to_what_would_be_timed(bench, size):
    trained = ["run", "--dry-run", "--variants", "@lrn", "--measure", "accuracy"]

    assert bench(*trained, "--time-batch-size", size).code == 0


# -- data


def test_two_class_folders_with_images_are_needed(refusal, workplace):
    write_images(workplace / "pets" / "cat", 4)
    message = refusal("run", "--dataset", "folder:pets")
    assert f"{workplace / 'pets'} holds one class (cat), expected two or more" in message

    (workplace / "pets" / "dog").mkdir()
    message = refusal("run", "--dataset", "folder:pets")
    assert message.startswith(
        f"{workplace / 'pets' / 'dog'}: no JPEG, PNG, WebP, BMP or GIF files (it is empty)"
    )
    assert message.endswith("add images or remove the class folder")


def test_a_corrupt_image_is_named(refusal, workplace):
    for name in ("cat", "dog"):
        write_images(workplace / "pets" / name, 4, size=64)
    whole = (workplace / "pets" / "dog" / "02.png").read_bytes()
    (workplace / "pets" / "dog" / "02.png").write_bytes(whole[:-40])
    (workplace / "pets" / "cat" / "01.png").write_bytes(b"no image")

    message = refusal("run", "--dataset", "folder:pets")

    assert message.startswith("corrupt image: ")
    assert str(workplace / "pets" / "dog" / "02.png") in message
    assert f"{workplace / 'pets' / 'cat' / '01.png'} is no image of these kinds" in message
    assert message.endswith("replace them or remove them")


def test_a_missing_or_truncated_cifar_file_is_named(refusal, workplace):
    message = refusal("run", "--dataset", f"cifar10:{workplace}")
    assert message.startswith(f"{workplace} lacks data_batch_1.bin, data_batch_2.bin")

    for number in range(1, 6):
        content = bytes(2 * CIFAR_RECORD_BYTES - (7 if number == 3 else 0))
        (workplace / f"data_batch_{number}.bin").write_bytes(content)

    message = refusal("run", "--dataset", f"cifar10:{workplace}")

    assert message.startswith(f"{workplace / 'data_batch_3.bin'} is truncated: 6,139 bytes")
    assert "unpack https://" in message


# -- ablation files


@pytest.mark.parametrize("command", [["list"], ["show", "alexnet"], ["run"]], ids=" ".join)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def broken(:\n", ", line 1: not valid Python: "),
        ("import os\nimport keras\n", ", line 2: imports keras at module level"),
        (ABLATION.format(name="mine").replace("dropout=0.1", "dropuot=0.1"), "did you mean 'dropout'?"),
        ("1 / 0\n", ": ZeroDivisionError: division by zero"),
        ("x = 1\n", ": defines no Ablation; see `ablations/lrn.py`"),
        ("import sys\nsys.exit(0)\n", ": SystemExit: 0"),
        (BLOCK.format(parameters="3"), ": block 'mine': parameters is 3; it must be a function"),
        (
            "from alexnet_bench import Claim\nClaim(says=3, source='', setup='')\n",
            ": the claim 3: says is 3; it must be text",
        ),
        (ABLATION.format(name="x" * 300), "64 of them at most"),
        (
            "class Mute(Exception):\n    def __str__(self): return 3\nraise Mute\n",
            ": Mute: without a message that can be shown",
        ),
    ],
    ids=["syntax", "keras", "misspelt", "runtime", "none", "exit", "parameters", "claim", "long", "mute"],
)
def test_an_ablation_file_that_cannot_be_used_is_named(refusal, write_ablations, command, text, expected):
    folder = write_ablations({"mine.py": text})

    message = refusal(*command, "--ablations", folder)

    assert message.startswith(str(folder / "mine.py"))
    assert expected in message


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("lambda channels: 1 / 0", "(ZeroDivisionError: division by zero)"),
        ("lambda: 3", "TypeError"),
        ("lambda channels: 'many'", "TypeError"),
        ("lambda channels: channels / 2", "TypeError"),
        ("lambda channels: -1", " channels is -1; in "),
        ("lambda channels: 10**5000", "give one from 0 to 1,000,000,000,000"),
        ("lambda channels: __import__('sys').exit(0)", "(SystemExit: 0)"),
    ],
)
def test_a_block_whose_parameters_cannot_be_counted_is_named(refusal, write_ablations, parameters, expected):
    folder = write_ablations({"mine.py": BLOCK.format(parameters=parameters)})

    for command in (["run", "--variants", "@mine"], ["show", "mine"]):
        message = refusal(*command, "--ablations", folder)

        assert message.startswith("block 'mine': its `parameters` of ")
        assert expected in message


def test_two_files_that_define_one_name_are_both_named(refusal, write_ablations):
    one, other = (write_ablations({f"{name}.py": ABLATION.format(name="mine")}) for name in ("one", "other"))
    taken = write_ablations({"mine.py": ABLATION.format(name="lrn")})

    assert refusal("run", "--ablations", one, "--ablations", other) == (
        f"'@mine' is defined in {one / 'one.py'} and in {other / 'other.py'}; rename one of them"
    )
    assert refusal("run", "--ablations", taken) == (
        f"'@lrn' is defined in {shipped_folder() / 'lrn.py'} and in {taken / 'mine.py'}; rename one of them"
    )


# -- folders to write


def test_a_folder_in_use_is_refused(refusal, workplace, planned_run):
    (workplace / "used").mkdir()
    (workplace / "used" / "notes.txt").write_text("mine", encoding="utf-8")

    assert refusal("run", "--out", "used") == "used is in use; give an empty or new folder with --out"
    assert refusal("run", "--out", planned_run) == (
        f"{planned_run} holds a run already; give another --out, or go on with "
        f"`bench run --resume {planned_run}`"
    )


def test_a_folder_that_cannot_be_written_is_named(refusal, workplace):
    (workplace / "file").touch()

    message = refusal("run", "--out", "file/run")

    assert message.startswith("file/run cannot be written (")
    assert message.endswith("; give another --out")


# -- runs to go on with


@pytest.fixture
def planned_run(workplace):
    """The folder of a run of which nothing was done yet."""
    start_run(Schedule(Settings(variants="@lrn", seeds=4)), workplace / "run", "bench run")
    return workplace / "run"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["--epochs", "3"], "--epochs"),
        (["--variants"], "--variants"),
        (["--out", "other"], "--out"),
        (["--dataset", "digits", "--save-models"], "--dataset, --save-models"),
        (["--time-batch-size", "4", "--seeds", "8"], "--time-batch-size"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, list) else "",
)
def test_a_run_goes_on_with_its_own_settings(refusal, planned_run, given, named):
    expected = (
        f"--resume keeps the run's own settings; leave out {named} (--seeds may grow, "
        "--executor and --trial-timeout may change)"
    )
    assert refusal("run", "--resume", planned_run, *given) == expected


@pytest.mark.parametrize("seeds", [0, 1, 3])
def test_a_run_loses_no_seeds(refusal, planned_run, seeds):
    expected = f"{planned_run} was planned with 4 seeds; ask for at least as many"
    assert refusal("run", "--resume", planned_run, "--seeds", seeds) == expected


@pytest.mark.parametrize("command", [["run", "--resume"], ["report"]], ids=" ".join)
def test_what_is_no_run_is_named(refusal, workplace, command):
    expected = "holds no run.json; give a folder that `bench run` wrote"
    for folder in (workplace / "none", workplace):
        assert refusal(*command, folder) == f"{folder} {expected}"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"schema_version": SCHEMA_VERSION + 1}, "update alexnet-bench"),
        ({"settings": {"hue": "red"}}, "holds settings that cannot be read"),
        ({"settings": None}, "is damaged: "),
    ],
    ids=["newer", "unknown", "none"],
)
def test_going_on_with_a_run_of_another_version(refusal, planned_run, change, expected):
    manifest = json.loads((planned_run / "run.json").read_text(encoding="utf-8"))
    (planned_run / "run.json").write_text(json.dumps(manifest | change), encoding="utf-8")

    assert expected in refusal("run", "--resume", planned_run)


def test_going_on_without_the_ablations_of_the_run(refusal, workplace, write_ablations):
    folder = write_ablations({"mine.py": ABLATION.format(name="mine")})
    settings = Settings(variants="@mine", ablations=(str(folder),))
    start_run(Schedule(settings), workplace / "run", "bench run")
    (folder / "mine.py").unlink()

    assert "unknown ablation '@mine'" in refusal("run", "--resume", workplace / "run")


def test_a_report_of_damaged_records_names_the_line(refusal, planned_run):
    (planned_run / "records.jsonl").write_text("{}\n", encoding="utf-8")

    assert "records.jsonl, line 1: " in refusal("report", planned_run)
