"""What others wrote can be shown anywhere."""

import unicodedata
from xml.etree import ElementTree

import hypothesis
import pytest
from hypothesis import strategies

from alexnet_bench.words import plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no-lrn", "no-lrn"),
        ("größer 😀 \\d", "größer 😀 \\d"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("one\r\ntwo\tthree", r"one\r\ntwo\tthree"),
        ("\x85\u2028", r"\x85\u2028"),
        ("abc\u202ecba", r"abc\u202ecba"),
        ("\udcff\ufffe", r"\udcff\ufffe"),
    ],
)
def test_control_characters_are_written_out(text, shown):
    assert plain(text) == shown
    assert plain(shown) == shown


@hypothesis.given(strategies.text(strategies.characters(codec=None, exclude_categories=())))
def test_whatever_the_text_it_is_one_line_that_can_be_encoded_and_stands_in_xml(text):
    shown = plain(text)

    assert len(shown.splitlines()) <= 1
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cs"}
    element = ElementTree.Element("a", {"b": shown})
    assert ElementTree.fromstring(ElementTree.tostring(element, encoding="utf-8")).attrib["b"] == shown
