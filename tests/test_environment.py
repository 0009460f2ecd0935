import json

from alexnet_bench.environment import LIBRARIES, available_memory_bytes, describe_environment, git_commit


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
