import json

from alexnet_bench.environment import (
    LIBRARIES,
    available_memory_bytes,
    describe_environment,
    git_commit,
    left_in_container,
)


def test_the_environment_is_told_in_json():
    told = describe_environment()

    assert told == json.loads(json.dumps(told))
    assert told["cpu"] != ""
    assert told["cores"] >= 1
    assert told["memory_bytes"] >= available_memory_bytes() > 0
    assert told["versions"].keys() == {"python", *LIBRARIES}
    assert all(version[0].isdigit() for version in told["versions"].values())


def test_the_revision_is_a_commit_or_unknown():
    revision = git_commit()

    assert revision is None or len(revision.removesuffix("-dirty")) >= 7


def test_a_containers_limit_counts_and_cached_files_make_way(tmp_path):
    assert left_in_container(tmp_path) is None
    for name, text in (("max", "max"), ("current", "700"), ("stat", "anon 400\ninactive_file 100\n")):
        (tmp_path / f"memory.{name}").write_text(text)
    assert left_in_container(tmp_path) is None

    (tmp_path / "memory.max").write_text("1000\n")
    assert left_in_container(tmp_path) == 400
    (tmp_path / "memory.max").write_text("500\n")
    assert left_in_container(tmp_path) == 0
