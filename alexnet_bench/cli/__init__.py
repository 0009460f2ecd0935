"""The `bench` command. Each command is a file and loads what it needs only when it is used."""

import sys

from alexnet_bench.cli.group import bench


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(bench.main(standalone_mode=False, prog_name="bench"))
