"""Bytes as a bad disk, a broken download or somebody else might leave them."""

from hypothesis import strategies as st


def damaged(sound, data):
    """Some sound bytes, of which a stretch is cut out, replaced or doubled; `data` is hypothesis'."""
    start, end = sorted(data.draw(st.tuples(*2 * [st.integers(0, len(sound))]), "stretch"))
    instead = data.draw(st.one_of(st.binary(max_size=40), st.just(2 * sound[start:end])), "instead")
    return sound[:start] + instead + sound[end:]
