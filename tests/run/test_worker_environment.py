"""What workers are started with, whatever the user's environment sets."""

from alexnet_bench.run.local import FIXED, worker_environment

USERS = {"PATH": "/bin", "LD_LIBRARY_PATH": "/cuda", "TF_ENABLE_ONEDNN_OPTS": "0", "LC_ALL": "C"}
HARMFUL = {
    "KERAS_BACKEND": "jax",
    "KERAS_MAX_EPOCHS": "many",
    "TF_USE_LEGACY_KERAS": "1",
    "TF2_BEHAVIOR": "0",
    "PYTHONINSPECT": "1",
    "PYTHONSTARTUP": "startup.py",
    "PYTHONWARNINGS": "error",
    "PYTHONOPTIMIZE": "2",
    "PYTHONSAFEPATH": "1",
    "PYTHONHASHSEED": "1",
    "PYTHONIOENCODING": "ascii",
    "PYTHONUTF8": "0",
    "PYTHON_GIL": "0",
}
PACKAGES = {"PYTHONPATH": "mine", "PYTHONHOME": "/python", "VIRTUAL_ENV": "/venv"}


def test_what_would_change_numbers_or_stop_a_worker_is_not_passed_on():
    found = worker_environment(USERS | HARMFUL, same_python=True)

    assert found == worker_environment(USERS, same_python=True)
    assert USERS.items() <= found.items()
    assert FIXED.items() <= found.items()


def test_ones_own_settings_come_before_ours():
    plain, tuned = (
        worker_environment(own, same_python=True)["GLIBC_TUNABLES"]
        for own in ({}, {"GLIBC_TUNABLES": "glibc.malloc.check=1"})
    )

    assert (plain, tuned) == ("glibc.malloc.hugetlb=1", "glibc.malloc.check=1")


def test_another_interpreter_finds_its_own_packages_only():
    same, other = (worker_environment(USERS | PACKAGES, same_python=same) for same in (True, False))

    assert PACKAGES.items() <= same.items()
    assert other == worker_environment(USERS, same_python=False)


def test_where_python_writes_what_it_compiled_is_the_users_choice():
    chosen = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": "/cache"}

    for same in (True, False):
        assert chosen.items() <= worker_environment(chosen, same_python=same).items()
