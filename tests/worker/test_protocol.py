import io
import json

from hypothesis import given
from hypothesis import strategies as st

from alexnet_bench.worker import protocol

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)
MESSAGES = st.lists(st.dictionaries(st.text(), JSON, max_size=4), max_size=5)


class Buffered(io.BytesIO):
    """A stream that counts how often it was flushed."""

    flushed = 0

    def flush(self):
        self.flushed += 1


@given(MESSAGES)
def test_messages_come_out_as_they_went_in(messages):
    stream = Buffered()
    for message in messages:
        protocol.send(stream, message)

    assert stream.flushed == len(messages)
    assert stream.getvalue().count(b"\n") == len(messages)
    stream.seek(0)
    assert [protocol.receive(stream) for _ in messages] == messages
    assert protocol.receive(stream) is None


def test_a_message_is_a_line_of_json():
    stream = io.BytesIO()

    protocol.send(stream, {"do": "slice", "steps": 3, "name": "two\nlines"})

    assert stream.getvalue() == b'{"do":"slice","steps":3,"name":"two\\nlines"}\n'
    assert json.loads(stream.getvalue())["name"] == "two\nlines"


@given(st.integers(0, 12))
def test_a_message_that_was_cut_short_means_that_the_other_side_is_gone(length):
    assert protocol.receive(io.BytesIO(b'{"is":"epoch"}'[:length])) is None
