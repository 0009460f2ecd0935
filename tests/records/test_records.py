"""The records of a run: what is written, what is read again, and what is refused."""

import contextlib
import json
import math
import os
import warnings

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_runs import manifest
from whole_records import record, values

import alexnet_bench
from alexnet_bench.errors import BenchWarning, RecordError
from alexnet_bench.records import files
from alexnet_bench.records.run_folder import (
    DAMAGED,
    RECORDS,
    add_record,
    create_run,
    open_run,
    run_records,
    sound_records,
)
from alexnet_bench.records.schema import (
    AGREEING,
    COLUMNS,
    COLUMNS_OF_FIELD,
    KINDS,
    SCHEMA_VERSION,
    columns_of,
)

REQUIRED = [
    (kind, column.name)
    for kind, type in KINDS.items()
    for column in columns_of(type)
    if column.name in values(kind) and column.name != "kind"
]
# What elsewhere ends a line of text, or a text.
NO_LINE_ENDS = ["\r", "\r\n", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x00"]


@pytest.fixture
def folder(tmp_path):
    """A run without records."""
    return new_run(tmp_path)


def new_run(parent):
    create_run(parent / "run", manifest())
    return parent / "run"


def write(folder, *rows):
    (folder / RECORDS).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def refusal(act, *arguments):
    """The message with which something is refused."""
    with pytest.raises(RecordError) as caught:
        act(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# -- the schema


def test_rows_agree_in_all_that_makes_a_number_comparable():
    assert {
        "topology",
        "recipe",
        "batch_size",
        "precision",
        "device",
        "placement",
        "threads",
        "versions",
        "build",
        "dataset",
        "data_digest",
        "epochs",
        "tuned",
        "mode",
    } <= set(AGREEING)
    assert not {"variant", "fingerprint", "seed", "draw", "run_id", "status"} & set(AGREEING)
    assert all(columns <= set(AGREEING) for columns in COLUMNS_OF_FIELD.values())


# -- writing and reading


def test_records_come_back_as_they_were_written(folder):
    """Lines end at a line feed alone: what elsewhere ends one may stand in a value, and hides no record."""
    failed = [record(status="crashed", error=f"before{end}after") for end in NO_LINE_ENDS]
    written = [record(seed=1, loss=0.25), record("draw", steady=True), *failed]

    for item in written:
        add_record(folder, item)

    assert run_records(folder) == written


# Every append waits for the disk.
@settings(max_examples=12)
@given(
    st.lists(
        st.builds(
            record,
            variant=st.text(),
            error=st.none() | st.text() | st.sampled_from(NO_LINE_ENDS),
            loss=st.none() | st.floats(allow_nan=False, allow_infinity=False),
            seed=st.integers(0, 2**31),
        ),
        max_size=4,
    )
)
def test_any_text_and_number_survives(tmp_path_factory, records):
    folder = new_run(tmp_path_factory.mktemp("records"))
    for item in records:
        add_record(folder, item)

    assert run_records(folder) == records


def test_a_line_end_of_windows_is_one_too(folder):
    rows = [json.dumps(values(seed=seed)).encode() for seed in range(2)]
    (folder / RECORDS).write_bytes(b"".join(row + b"\r\n" for row in rows))

    assert [item.seed for item in run_records(folder)] == [0, 1]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_written_as_null(folder, value):
    add_record(folder, msgspec.structs.replace(record(), loss=value))

    assert [item.loss for item in run_records(folder)] == [None]


def test_nothing_is_written_of_a_record_that_does_not_fit(folder):
    for wrong in ({"status": "fine"}, {"seed": "3"}, {"duration_seconds": math.nan}):
        message = refusal(add_record, folder, msgspec.structs.replace(record(), **wrong))
        assert message.startswith(f"a row of {folder / RECORDS} does not fit the schema: ")
        assert f"`$.{next(iter(wrong))}`" in message

    assert run_records(folder) == []


@settings(max_examples=12)
@given(st.sampled_from([[], [record(seed=1)]]), st.integers(0, 10_000))
def test_a_torn_last_line_is_passed_over_and_mended_wherever_it_was_torn(tmp_path_factory, whole, cut):
    folder, torn = new_run(tmp_path_factory.mktemp("records")), record(seed=2)
    file = folder / RECORDS
    for item in whole:
        add_record(folder, item)
    length = file.stat().st_size
    add_record(folder, torn)
    # Anything from all of the last line but its end, to nothing of it.
    kept = length + cut % (file.stat().st_size - length)
    os.truncate(file, kept)
    left = file.read_bytes()[length:]

    assert run_records(folder) == whole
    with mended(folder, left) as add:
        assert file.stat().st_size == length
        add(torn)
    assert run_records(folder) == [*whole, torn]
    assert not left or (folder / DAMAGED).read_bytes() == left + b"\n"


@contextlib.contextmanager
def mended(folder, has_damage=True):
    """A run that goes on, with a word on what was damaged."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with open_run(folder) as add:
            yield add
    assert [item.category for item in said] == ([BenchWarning] if has_damage else [])
    assert all(str(folder / RECORDS) in str(item.message) for item in said)


@pytest.mark.parametrize("byte", [b"\r", b"\x00", b"\xff", b'"'])
def test_a_damaged_line_hides_no_other_and_is_set_aside_when_the_run_goes_on(folder, byte):
    for seed in range(4):
        add_record(folder, record(seed=seed))
    lines = (folder / RECORDS).read_bytes().splitlines(keepends=True)
    lines[1] = lines[1][:30] + byte + lines[1][30:]
    (folder / RECORDS).write_bytes(b"".join(lines))

    remedy = f"; `bench run --resume {folder}` sets it aside, and does again what it held"
    assert refusal(run_records, folder).endswith(remedy)
    with pytest.warns(BenchWarning, match="line 2: .*; what it held is done again"):
        assert [item.seed for item in sound_records(folder)] == [0, 2, 3]
    assert (folder / RECORDS).read_bytes() == b"".join(lines)

    with mended(folder) as add:
        add(record(seed=1))
    assert [item.seed for item in run_records(folder)] == [0, 2, 3, 1]
    assert (folder / DAMAGED).read_bytes() == lines[1]


def test_a_line_that_is_too_long_is_set_aside_whole(folder, monkeypatch):
    add_record(folder, record(seed=0))
    monkeypatch.setattr(files, "MOST_LINE_BYTES", 2000)
    long = b"x" * 9_000 + b"\n"
    with (folder / RECORDS).open("ab") as file:
        file.write(long)
    add_record(folder, record(seed=1))

    assert f"{folder / RECORDS}, line 2: longer than 2000 bytes" in refusal(run_records, folder)
    with mended(folder):
        assert [item.seed for item in run_records(folder)] == [0, 1]
    assert (folder / DAMAGED).read_bytes() == long


def test_a_row_of_a_newer_schema_is_no_damage(folder):
    write(folder, values(), values() | {"schema_version": SCHEMA_VERSION + 1})
    before = (folder / RECORDS).read_bytes()

    with pytest.raises(RecordError, match="update it"), open_run(folder):
        pass
    assert (folder / RECORDS).read_bytes() == before


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("folder", "it is no file"),
        ("pipe", "it is no file"),
        ("device", "it is no file"),
        ("large", f"it has {2**40} bytes, of {2**33} at most"),
    ],
)
def test_what_is_no_file_of_records_is_neither_waited_for_nor_read_to_its_end(folder, kind, why):
    file = folder / RECORDS
    file.unlink()
    {
        "folder": file.mkdir,
        "pipe": lambda: os.mkfifo(file),
        "device": lambda: file.symlink_to("/dev/zero"),
        "large": lambda: (file.touch(), os.truncate(file, 2**40)),
    }[kind]()

    assert f"{file} cannot be read ({why})" in refusal(run_records, folder)


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": 2**64},
        {"seed": -1},
        {"batch_size": 0},
        {"test_top1_error": 1.5},
        {"duration_seconds": 1e300},
        {"recipe_settings": {}},
        {"recipe_settings": {"learning_rate": "much"}},
    ],
    ids=str,
)
def test_what_no_trial_can_have_is_damage(folder, wrong):
    write(folder, values(**wrong))

    assert "line 1: " in refusal(run_records, folder)
    assert next(iter(wrong)) in refusal(run_records, folder)


@pytest.mark.parametrize(
    "wrong", [{"slice_steps": [4]}, {"slice_seconds": [0.0, 1.0]}, {"slice_steps": [0, 1]}]
)
def test_what_no_draw_can_have_is_damage(folder, wrong):
    write(folder, values("draw", **wrong))

    assert "line 1: " in refusal(run_records, folder)


@pytest.mark.parametrize(("kind", "name"), REQUIRED)
def test_a_missing_column_is_named(folder, kind, name):
    write(folder, values(kind), {key: value for key, value in values(kind).items() if key != name})

    message = refusal(run_records, folder)
    assert message.startswith(f"{folder / RECORDS}, line 2: ")
    assert f"`{name}`" in message


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "truncated"),
        ('{"variant": "\udcff"}', ""),
        *((json.dumps(values()).replace("alexnet", f"alex{byte}net"), "malformed") for byte in "\r\x0c\x1c"),
        ("[]", "Expected `object`, got `array`"),
        ("", ""),
        ("[" * 100_000, ""),
        (json.dumps(values(kind="trial") | {"kind": "sample"}), "'sample' - at `$.kind`"),
        (json.dumps(values(seed=None)), "Expected `int`, got `null` - at `$.seed`"),
        (json.dumps(values(seed="3")), "Expected `int`, got `str` - at `$.seed`"),
        (json.dumps(values(seed=True)), "Expected `int`, got `bool` - at `$.seed`"),
        (json.dumps(values(loss=False)), "got `bool` - at `$.loss`"),
        (json.dumps(values(status="fine")), "'fine' - at `$.status`"),
        (json.dumps(values(loss=math.nan)), "malformed"),
        (json.dumps(values(curve=[{"epoch": 1, "learning_rate": "much"}])), "`$.curve[0].learning_rate`"),
        (json.dumps(values(schema_version=None)), "`$.schema_version`"),
    ],
)
def test_a_damaged_line_is_named(folder, line, words):
    text = f"{json.dumps(values())}\n{line}\n"
    (folder / RECORDS).write_bytes(text.encode(errors="surrogateescape"))

    message = refusal(run_records, folder)
    assert message.startswith(f"{folder / RECORDS}, line 2: ")
    assert words in message


def test_a_newer_schema_asks_for_an_update(folder):
    """Whether or not this version could read the row."""
    for newer in ({"kind": "something new"}, values()):
        write(folder, values(), newer | {"schema_version": SCHEMA_VERSION + 1})

        message = refusal(run_records, folder)
        assert message.startswith(f"{folder / RECORDS}, line 2: it has schema version {SCHEMA_VERSION + 1}; ")
        assert message.endswith("update it")


def test_columns_that_another_version_had_are_left_out_and_those_it_lacked_are_null(folder):
    write(folder, values(colour="red", schema_version=1))

    assert run_records(folder) == [record(schema_version=1)]
    assert (record().data_digest, record().predictions, record("draw").steady) == (None, None, None)


# -- as a DataFrame


def test_a_frame_has_a_row_a_record_and_a_column_a_column(folder):
    for item in (record(seed=3), record("draw", images_per_second=96.0)):
        add_record(folder, item)

    frame = alexnet_bench.read(folder)
    assert list(frame.columns) == [column.name for column in COLUMNS]
    assert frame["kind"].tolist() == ["trial", "draw"]
    assert frame["seed"].tolist()[0] == 3
    assert frame["images_per_second"].isna().tolist() == [True, False]
    assert list(frame["slice_seconds"][1]) == [0.5, 0.25]


def test_no_records_make_an_empty_frame_of_all_columns(folder):
    assert list(alexnet_bench.read(folder).columns) == [column.name for column in COLUMNS]
