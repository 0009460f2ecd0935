"""Kinds of damage to a run's folder."""

import json

from hypothesis import strategies as st

# As JSON has them, what a number, text, list or object may have become.
VALUES = [
    *("null", "true", "0", "-1", "2", "0.5", "-0.0", "1e308", "5e-324", "1e999", "NaN", "-Infinity"),
    *(str(2**53), str(2**63), str(2**64), "9" * 400, "9" * 5000),
    *(
        '""',
        '"x"',
        '"\\u0000"',
        '"\\r\\n"',
        '"/etc/passwd"',
        '"../.."',
        '"~nobody-of-that-name"',
        '"\\udcff"',
    ),
    *('"<b>[x](y)|`"', '"=1+1"', json.dumps("ä" * 300), '"all"', '"@lrn"', '"alexnet"', '"no-lrn"'),
    *("[]", "{}", "[[]]", "[null]", '{"": null}', "[0, 0]", '["x", "x"]', "[" * 5000 + "]" * 5000),
]
HOLE = "a-hole-in-this-text"


def _places(value, path=()):
    """The path of everything in a value of JSON."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _places(item, (*path, key))


def replaced(text, share, value):
    """JSON with what stands at a share of its places replaced by a value, or left out where that is None."""
    tree = [json.loads(text)]
    paths = [(0, *path) for path in _places(tree[0])]
    *parents, last = paths[int(share * len(paths))]
    holder = tree
    for key in parents:
        holder = holder[key]
    if value is None and len(parents):
        del holder[last]
    else:
        holder[last] = HOLE
    return json.dumps(tree[0]).replace(json.dumps(HOLE), value or "").encode()


def _in_a_line(share, inner, value):
    def damage(content):
        lines = content.split(b"\n")[:-1] or [b"{}"]
        at = int(share * len(lines))
        lines[at] = replaced(lines[at], inner, value)
        return b"\n".join([*lines, b""])

    return damage


def _in_all(share, inner, value):
    return lambda content: replaced(content, inner, value)


def _cut(share, inner, value):
    return lambda content: content[: int(share * len(content))]


def _without(share, inner, value):
    return lambda content: (
        content[: int(share * len(content))] + content[int((share + inner) * len(content)) :]
    )


def _with(share, inner, value):
    def damage(content):
        at = int(share * len(content))
        return (
            content[:at]
            + [b"\r", b"\n", b"\x00", b"\xff\xfe", b"\xe2\x80\xa8", b'"'][int(inner * 6)]
            + content[at:]
        )

    return damage


def _flipped(share, inner, value):
    def damage(content):
        found, at = bytearray(content), int(share * len(content))
        found[at] ^= 1 << int(inner * 8)
        return bytes(found)

    return damage


_SHARES = st.floats(0, 1, exclude_max=True)


def _damage(kinds):
    values = st.none() | st.sampled_from(VALUES)
    return st.builds(lambda kind, *given: kind(*given), st.sampled_from(kinds), _SHARES, _SHARES, values)


_OF_BYTES = [_cut, _without, _with, _flipped]
# What makes another content of that of a manifest, and of a file of records.
OF_MANIFEST = _damage([_in_all] * 12 + _OF_BYTES)
OF_RECORDS = _damage([_in_a_line] * 12 + _OF_BYTES)
