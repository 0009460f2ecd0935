"""The time of day, as records hold it."""

from datetime import UTC, datetime


def now() -> str:
    """UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")
