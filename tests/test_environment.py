import json

from alexnet_bench.environment import (
    LIBRARIES,
    available_memory_bytes,
    cpu_model,
    describe_environment,
    git_commit,
    usable_cores,
    versions,
)


def test_the_environment_is_told_in_json():
    told = describe_environment()

    assert told == json.loads(json.dumps(told))
    assert told["cpu"] == cpu_model() != ""
    assert told["cores"] == usable_cores() >= 1
    assert told["memory_bytes"] >= available_memory_bytes() > 0
    assert told["versions"] == versions()


def test_versions_are_of_python_and_of_what_makes_the_numbers():
    assert versions().keys() == {"python", *LIBRARIES}
    assert all(version[0].isdigit() for version in versions().values())


def test_the_revision_is_a_commit_or_unknown():
    revision = git_commit()

    assert revision is None or len(revision.removesuffix("-dirty")) >= 7
