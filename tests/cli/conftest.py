import pytest


@pytest.fixture
def no_workers(monkeypatch):
    """Fail a test at once where a command is about to start the server that workers are forked from."""
    import alexnet_bench.runner.run

    def start(log):
        pytest.fail("workers were about to be started")

    monkeypatch.setattr(alexnet_bench.runner.run, "start_server", start)
