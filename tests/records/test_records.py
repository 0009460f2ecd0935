import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whole_records import record, values

from alexnet_bench.errors import RecordError
from alexnet_bench.records.schema import (
    AGREEING,
    COLUMNS,
    COLUMNS_OF_FIELD,
    KINDS,
    SCHEMA_VERSION,
    STATUSES,
    append_record,
    check_record,
    columns_of,
    make_record,
    mend_file,
    read_records,
    to_frame,
)

REQUIRED = [
    (kind, column.name)
    for kind in KINDS
    for column in columns_of(kind)
    if column.required and column.default is None and column.name not in ("schema_version", "kind")
]
WRONG = {int: "many", str: 7, dict: [], list: {}, bool: 1, (int, float): "much"}


@pytest.fixture
def file(tmp_path):
    """Where records go; not there yet."""
    return tmp_path / "records.jsonl"


def write(path, *records, end="\n"):
    path.write_text("\n".join(json.dumps(item) for item in records) + end, encoding="utf-8")


def refusal(act, *arguments, **more):
    """The message with which something is refused."""
    with pytest.raises(RecordError) as caught:
        act(*arguments, **more)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# -- the schema


def test_every_column_says_what_it_is_once():
    names = [column.name for column in COLUMNS]
    assert len(names) == len(set(names))
    assert all(column.about and set(column.kinds) <= set(KINDS) for column in COLUMNS)


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
        "dataset",
        "epochs",
        "tuned",
        "mode",
    } <= set(AGREEING)
    assert not {"variant", "fingerprint", "seed", "draw", "run_id", "status"} & set(AGREEING)
    assert all(columns <= set(AGREEING) for columns in COLUMNS_OF_FIELD.values())


# -- making one


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_given_and_not_required_is_null_or_the_columns_default(kind):
    made, defaults = record(kind), {column.name: column.default for column in COLUMNS}

    assert list(made) == [column.name for column in columns_of(kind)]
    assert (made["schema_version"], made["kind"]) == (SCHEMA_VERSION, kind)
    given_names = values(kind).keys() | {"schema_version", "kind"}
    assert all(made[name] == defaults[name] for name in made.keys() - given_names)
    check_record(made)


@pytest.mark.parametrize(("kind", "name"), REQUIRED)
def test_a_missing_column_is_named(kind, name):
    given_values = values(kind)
    del given_values[name]

    assert refusal(make_record, kind, **given_values) == f"a {kind} lacks {name}"


@pytest.mark.parametrize(
    ("kind", "column"),
    [(kind, column) for kind in KINDS for column in columns_of(kind) if column.name not in ("kind",)],
    ids=lambda part: part if isinstance(part, str) else part.name,
)
def test_a_value_of_another_type_is_named(kind, column):
    wrong = WRONG[column.type]

    message = refusal(check_record, record(kind) | {column.name: wrong})

    assert message == f"a {kind} has {column.name} = {wrong!r}, of another type than the schema's"


def test_a_truth_value_is_no_number():
    assert "seed = True" in refusal(check_record, record() | {"seed": True})
    assert "loss = False" in refusal(check_record, record() | {"loss": False})


def test_a_column_that_no_record_has_is_refused():
    assert refusal(record, "draw", seed=3, hue="red") == "a draw has no column hue, seed"


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_known(status):
    assert record(status=status)["status"] == status


def test_another_status_or_kind_is_refused():
    assert refusal(record, status="fine").startswith("a record's status is 'fine'; expected one of ok, ")
    assert "expected one of trial, draw" in refusal(check_record, record() | {"kind": "sample"})
    assert "expected one of trial, draw" in refusal(check_record, {})


# -- writing and reading


def test_records_come_back_as_they_were_written(file):
    written = [record(seed=1), record("draw"), record(status="crashed", error="line\nbreak, \u2028 and é")]

    for item in written:
        append_record(file, item)

    assert read_records(file) == written
    assert file.read_bytes().count(b"\n") == 3


# Every append waits for the disk.
@settings(max_examples=25)
@given(
    st.lists(
        st.builds(
            record,
            variant=st.text(),
            error=st.none() | st.text(),
            loss=st.none() | st.floats(allow_nan=False, allow_infinity=False),
            seed=st.integers(0, 2**31),
        ),
        max_size=4,
    )
)
def test_any_text_and_number_survives(tmp_path_factory, records):
    file = tmp_path_factory.mktemp("records") / "records.jsonl"
    for item in records:
        append_record(file, item)
    if not records:
        file.touch()

    assert read_records(file) == records


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("column", ["loss", "curve"])
def test_what_is_no_number_is_never_written(file, value, column):
    append_record(file, record())
    wrong = record(**{column: value if column == "loss" else [{"loss": value}]})

    assert "a number that is not finite; it must be null" in refusal(append_record, file, wrong)
    assert read_records(file) == [record()]


def test_nothing_is_written_of_a_record_that_does_not_fit(file):
    refusal(append_record, file, record() | {"status": "fine"})

    assert not file.exists()


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_a_torn_last_line_is_passed_over_and_mended_wherever_it_was_torn(tmp_path_factory, cut):
    file = tmp_path_factory.mktemp("records") / "records.jsonl"
    whole, torn = record(seed=1), record(seed=2)
    append_record(file, whole)
    length = file.stat().st_size
    append_record(file, torn)
    # Anything from all of the second line but its end, to nothing of it.
    with file.open("r+b") as opened:
        opened.truncate(length + cut % (file.stat().st_size - length))

    assert read_records(file) == [whole]
    mend_file(file)
    assert file.stat().st_size == length
    append_record(file, torn)
    assert read_records(file) == [whole, torn]


def test_mending_leaves_whole_and_missing_files_alone(file):
    mend_file(file)
    assert not file.exists()
    append_record(file, record())
    before = file.read_bytes()
    mend_file(file)
    assert file.read_bytes() == before


def test_a_torn_only_line_leaves_an_empty_file(file):
    file.write_text('{"schema_ver', encoding="utf-8")

    assert read_records(file) == []
    mend_file(file)
    assert file.read_bytes() == b""


def test_a_newer_schema_asks_for_an_update(file):
    write(file, record(), {"schema_version": SCHEMA_VERSION + 1, "kind": "something new"})

    message = refusal(read_records, file)

    assert message.startswith(f"{file}, line 2: a record has schema version {SCHEMA_VERSION + 1}; ")
    assert message.endswith("update it")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{", "line 1: "),
        ("[]", "line 1: a record must be a JSON object"),
        ("3", "line 1: a record must be a JSON object"),
        ("", "line 1: "),
        (json.dumps(record() | {"seed": None}), "line 1: a trial lacks seed"),
        (json.dumps(record() | {"loss": "low"}), "line 1: a trial has loss = 'low'"),
        (json.dumps(record() | {"loss": math.nan}), "line 1: NaN is no value of a record; it must be null"),
        (json.dumps(record() | {"curve": [-math.inf]}), "line 1: -Infinity is no value of a record"),
        (json.dumps(record() | {"schema_version": None}), "line 1: a trial lacks schema_version"),
    ],
)
def test_a_damaged_line_is_named(file, line, expected):
    file.write_text(line + "\n" + json.dumps(record()) + "\n", encoding="utf-8")

    assert refusal(read_records, file).startswith(f"{file}, {expected}")


def test_bytes_that_are_no_text_are_named(file):
    file.write_bytes(b'{"variant": "\xff"}\n')

    assert refusal(read_records, file).startswith(f"{file}, line 1: ")


def test_a_missing_file_is_named(file):
    assert refusal(read_records, file) == f"{file} does not exist; give a folder that `bench run` wrote"


def test_columns_that_another_version_had_are_left_out_and_those_it_lacked_are_null(file):
    older = record() | {"colour": "red"}
    del older["predictions"]
    write(file, older)

    assert read_records(file) == [record()]


# -- as a DataFrame


def test_a_frame_has_a_row_a_record_and_a_column_a_column():
    frame = to_frame([record(seed=3), record("draw", images_per_second=96.0)])

    assert list(frame.columns) == [column.name for column in COLUMNS]
    assert frame["kind"].tolist() == ["trial", "draw"]
    assert frame["seed"].tolist()[0] == 3
    assert frame["images_per_second"].isna().tolist() == [True, False]
    assert frame["slice_seconds"][1] == [0.5, 0.25]


def test_no_records_make_an_empty_frame_of_all_columns():
    assert list(to_frame([]).columns) == [column.name for column in COLUMNS]
