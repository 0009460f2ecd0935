import subprocess

import pytest


def mounted(*arguments):
    """Mount something, which takes root and a system that lets it."""
    try:
        done = subprocess.run(["mount", *map(str, arguments)], capture_output=True).returncode == 0
    except OSError:
        done = False
    if not done:
        pytest.skip("mounts a file system, which may not be done here")


@pytest.fixture
def mount():
    """Mount something, or mount it anew, until the end of a test; the place is given last."""
    places = []

    def mount(*arguments):
        mounted(*arguments)
        if not str(arguments[1]).startswith("remount"):
            places.append(arguments[-1])

    yield mount
    for place in reversed(places):
        subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture
def small_disk(mount, tmp_path):
    """A file system that holds 32 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount("-t", "tmpfs", "-o", "size=32m", "tmpfs", place)
    return place
