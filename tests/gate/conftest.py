import pytest


@pytest.fixture
def no_workers(monkeypatch):
    """Fail a test at once where a command is about to start the process that workers are forked from."""
    import alexnet_bench.runner.local

    def start(*arguments, **options):
        pytest.fail("workers were about to be started")

    monkeypatch.setattr(alexnet_bench.runner.local.Zygote, "__init__", start)
