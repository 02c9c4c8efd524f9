"""Literals of JavaScript: what is read, what is refused, and how long it takes."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carsets.sources.foreign_text import ForeignTextError
from carsets.sources.js_literal import read_literal


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("[]", []),
        ("{}", {}),
        (
            '{a:null,b:1,$c:true,_d:"x",e:false}',
            {"a": None, "b": 1, "$c": True, "_d": "x", "e": False},
        ),
        ("{a:void 0,b:undefined,c:NaN,d:-Infinity}", {"a": None, "b": None, "c": None, "d": None}),
        ("{null:1,true:2}", {"null": 1, "true": 2}),
        ("{a:!0,b:!1}", {"a": True, "b": False}),
        ("{a:new Date(1790603873627)}", {"a": 1790603873627}),
        ("[.5,-.25,5.,1e3,-0,007]", [0.5, -0.25, 5, 1000.0, 0, 7]),
        ("{1:2,'b c':3}", {"1": 2, "b c": 3}),
        ("[1,2,]", [1, 2]),
        ("{a:[1,{b:2,},],}", {"a": [1, {"b": 2}]}),
        (
            r'["\u003Cb>","\x41\u{1F697}","it\'s","\/","\v\0"]',
            ["<b>", "A🚗", "it's", "/", "\x0b\x00"],
        ),
        ("['it\\'s \"so\"']", ['it\'s "so"']),
        ('["a\tb","a\\\nb"]', ["a\tb", "ab"]),
        ('["]}", "void 0", "new Date(1)"]', ["]}", "void 0", "new Date(1)"]),
        ('["\\\\"]', ["\\"]),
        ("[1] + evil()", [1]),
    ],
)
def test_reads(written, meant):
    assert read_literal(f"x={written}", 2) == meant


@pytest.mark.parametrize(
    "written",
    [
        "",
        "[",
        '["',
        "{a:b}",
        "[f()]",
        "[...x]",
        "[`a`]",
        "{a:function(){}}",
        "[1,,2]",
        "{a 1}",
        "[/x/]",
        "[new Map([])]",
        "[1n]",
        '["\\u{FFFFFFF}"]',
        "1",
        '"x"',
        "]",
        "[" * 5000 + "]" * 5000,
        '["\\u12"]',
    ],
)
def test_refuses_in_one_line_what_is_no_data(written):
    with pytest.raises(ForeignTextError) as caught:
        read_literal(written, 0)
    assert "\n" not in str(caught.value)


TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(TREES.filter(lambda tree: isinstance(tree, (dict, list))))
def test_reads_all_that_is_json_as_it_is(tree):
    for written in (json.dumps(tree), json.dumps(tree, ensure_ascii=False)):
        assert read_literal(written, 0) == tree


@pytest.mark.parametrize(
    "piece", ['"', "'", "\\", '"\\', "[", "{a:", "new Date(", "void ", "1", "a:", " ", '"a",']
)
def test_five_hostile_megabytes_cost_no_more_than_honest_ones(piece):
    hostile = "[" + piece * (5_000_000 // len(piece))
    began = time.process_time()
    with pytest.raises(ForeignTextError):
        read_literal(hostile, 0)
    assert time.process_time() - began < 5
