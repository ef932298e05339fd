"""A prefix is an identifier in C and C++ that clashes with nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_linking import dense

from firmware_bridge.compiler.alias import model_headers
from firmware_bridge.compiler.compile import compile_model
from firmware_bridge.compiler.names import MAX_NAME, check_prefix, prefix_from
from quantize.foundation.errors import BadInput


@pytest.mark.parametrize("name", ["kws01", "ad01", "a", "Model_2", "x" * 31, "device", "portal"])
def test_an_identifier_is_taken_as_it_is(name: str) -> None:
    assert check_prefix(name) == prefix_from(name) == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"), ("x" * 32, "32 characters"), ("9a", "no identifier"),
        ("a-b", "no identifier"), ("a b", "no identifier"), ("é", "no identifier"),
        ("kws01\n", "no identifier"), ("_a", "no identifier"), ("a__b", "two _"), ("a_", "two _"),
        ("restrict", "keyword"), ("class", "keyword"), ("co_await", "keyword"), ("int", "keyword"),
        ("Float", "keyword"), ("string", "header"), ("i8_conv_2d", "i8"), ("apf", "apf"),
        ("dev_model", "dev"), ("APP_X", "app"), ("frontend", "frontend"), ("port", "port"),
        ("\x1b[31m", "no identifier"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(name: str, reason: str) -> None:
    with pytest.raises(BadInput, match=reason) as caught:
        check_prefix(name)
    assert "\x1b" not in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "prefix"),
    [("my-model", "my_model"), ("float", "model_float"), ("1", "model_1"), ("é", "model"),
     ("dev_x", "model_dev_x"), ("..", "model"), ("a--b", "a_b")],
)  # fmt: skip
def test_a_files_name_becomes_a_prefix(name: str, prefix: str) -> None:
    assert prefix_from(name) == prefix


@given(st.text(max_size=60))
def test_any_name_becomes_a_prefix(name: str) -> None:
    assert check_prefix(prefix_from(name))


def test_every_name_that_others_see_has_the_prefix() -> None:
    compiled = compile_model(dense(1, 8, 3), "any", prefix="p" * MAX_NAME)
    code = re.sub(r"/\*.*?\*/", "", compiled.header, flags=re.DOTALL)
    seen = re.findall(r"#define (\w+)|(\w+)[(\[;]|\(\*(\w+)\)", code)
    own = {name for group in seen for name in group if name} - {"name", "macs", "context", "bytes"}
    assert len(own) > 20
    assert all(name.lower().startswith("p" * MAX_NAME) for name in own - {"void"}), own
    texts = (compiled.header, compiled.source)
    assert max(len(line) for text in texts for line in text.splitlines()) <= 100


def test_the_application_knows_all_of_them_by_fixed_names() -> None:
    own = compile_model(dense(1, 8, 3), "any", prefix="some")
    plain = compile_model(dense(1, 8, 3), "any")
    alias = dict(re.findall(r"#define (\w+) (\w+)", model_headers("some", own.header)["model.h"]))
    known = set(re.findall(r"#define (MODEL_\w+) ", plain.header))
    known |= {
        f"model_{name}" for name in ("input", "output", "run", "operator", "operators", "observer")
    }
    assert set(alias) == known
    assert all(name.lower() == alias[name].lower().replace("some", "model", 1)
               if name.islower() else alias[name] == name.replace("MODEL", "SOME", 1)
               for name in known)  # fmt: skip


def test_a_bad_prefix_is_refused_by_the_compiler_too() -> None:
    with pytest.raises(BadInput, match="keyword"):
        compile_model(dense(1, 8, 3), "any", prefix="while")
