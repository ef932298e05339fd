"""Libraries in each form: what is there, under which names, and which models do not go together."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path, PurePosixPath

import pytest

from edgeser.cli.export_library import _FORMS
from edgeser.pipeline.exports.library import check_library_name, library_name
from firmware_bridge.compiler.names import prefix_from
from firmware_bridge.forms import FORMS, Library, LibraryModel, library_contents
from firmware_bridge.forms.listener import utf8_literal
from firmware_bridge.frontend import FrontendConfig
from firmware_bridge.frontend.c_tables import emit_frontend
from firmware_bridge.licence import IDENTIFIER, MODELS, OURS
from firmware_bridge.project import MANIFEST, Contents, ModelSources, StreamSettings, place
from quantize.foundation.errors import BadInput

NAME = "edgeser_kws_wake"
HOSTILE = (
    "../../etc/passwd", "a b", "kws-01", "ärger", "int", "string.h", "x" * 99, "", "*/ #error",
    "$(shell x)", "__init__", "dev_model", "i8_softmax", "NULL", "main", "@NAME@",
)  # fmt: skip


@pytest.fixture(scope="module")
def named(hand_made_model: ModelSources):
    """Give the hand-made model another prefix, as the compiler would."""

    def make(prefix: str) -> ModelSources:
        texts = {
            what: re.sub(
                r"\b(model|MODEL)(?=_|\.h)",
                lambda found: prefix if found[0].islower() else prefix.upper(),
                text,
            )
            for what, text in (
                ("header", hand_made_model.header),
                ("source", hand_made_model.source),
            )
        }
        return dataclasses.replace(hand_made_model, prefix=prefix, **texts)

    return make


@pytest.fixture(scope="module")
def library(named, small_frontend: FrontendConfig) -> Library:
    listening = LibraryModel(
        model=named("kws"),
        frontend=emit_frontend(small_frontend, window_frames=4, prefix="kws"),
        stream=StreamSettings(hop_frames=3, smoothing=2),
        labels=('say "yes"', "wütend", "@U@", "\x1b[31m??/"),
    )
    return Library(name=NAME, models=(listening, LibraryModel(model=named("wake"))))


@pytest.fixture(scope="module", params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def contents(library: Library, form: str) -> Contents:
    return library_contents(library, FORMS[form])


def test_the_command_knows_all_forms() -> None:
    assert list(_FORMS) == list(FORMS)


def test_nothing_is_absolute_and_everything_said_is_there(contents: Contents, form: str) -> None:
    files = [PurePosixPath(path) for path in contents]
    here = str(Path(__file__).parents[3]).encode()
    for path, data in contents.items():
        assert not PurePosixPath(path).is_absolute() and ".." not in PurePosixPath(path).parts
        assert here not in data and b"/tmp" not in data and b"/home" not in data
        # All that stands for something was filled in.
        assert path == "LICENSE" or not re.search(rb"@[A-Z_]{2,}@", data.replace(b"@U@", b"")), path
    folders = {"src": {f"{NAME}.h"}, f"src/{NAME}": {"kws_listener.c", "wake.c", "apf_window.c"}}
    for folder, names in folders.items():
        assert names <= {path.name for path in files if str(path.parent) == folder}
    assert {"LICENSE", "README.md", MANIFEST} <= set(contents)
    # In one folder, also of a file system that knows no capitals.
    flat = [path.name.lower() for path in files if str(path.parent) == f"src/{NAME}"]
    assert len(flat) == len(set(flat))
    included = {
        name
        for path, data in contents.items()
        if path.startswith(f"src/{NAME}/")
        for name in re.findall(r'^#include "([^"]+)"', data.decode(), re.MULTILINE)
    }
    assert {name.lower() for name in included} <= set(flat)
    assert json.loads(contents[MANIFEST])["form"] == form


def test_every_source_says_its_licence(contents: Contents) -> None:
    of_models = re.compile(r"src/\w+/(kws|wake)(_\w+)?\.[ch]")
    for path, data in contents.items():
        first = data.decode().split("\n", 1)[0]
        if path.endswith((".c", ".h", ".ino")):
            assert first == (MODELS if of_models.fullmatch(path) else OURS), path
        elif path not in ("LICENSE", "README.md", MANIFEST, "library.properties", "library.json"):
            assert first == f"# {IDENTIFIER}", path


def test_names_suit_the_ecosystem(library: Library) -> None:
    forms = {name: library_contents(library, form) for name, form in FORMS.items()}
    text = forms["arduino"]["library.properties"].decode()
    properties = dict(line.split("=", 1) for line in text.splitlines())
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9 _.-]{0,62}", properties["name"])
    assert set(properties) == {
        "name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url",
        "architectures", "includes",
    }  # fmt: skip
    assert f"src/{properties['includes']}" in forms["arduino"]
    sketches = [PurePosixPath(path) for path in forms["arduino"] if path.endswith(".ino")]
    assert len(sketches) == 3
    assert all(path.stem == path.parent.name for path in sketches)
    described = json.loads(forms["platformio"]["library.json"])
    assert described["name"] == NAME and described["headers"] == f"{NAME}.h"
    assert re.fullmatch(r"[a-z0-9_-]{1,60}", NAME)  # ESP-IDF's components
    kconfig = forms["zephyr"]["zephyr/Kconfig"].decode()
    assert re.findall(r"^config (\w+)$", kconfig, re.MULTILINE) == [NAME.upper()]
    module = dict(
        re.findall(r"^ *(\w+): (\S+)$", forms["zephyr"]["zephyr/module.yml"].decode(), re.M)
    )
    assert module == {"name": NAME, "cmake": "zephyr", "kconfig": "zephyr/Kconfig"}


def test_labels_that_are_not_ours_stay_text(contents: Contents) -> None:
    listener = contents[f"src/{NAME}/kws_listener.c"].decode("ascii")
    assert '"say \\"yes\\"",' in listener
    assert '"w\\303\\274tend",' in listener
    assert '"@U@",' in listener
    assert '"\\\\x1b[31m\\?\\?/",' in listener
    assert utf8_literal("") == '""'


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_become_names(name: str, named) -> None:
    prefix = prefix_from(name)
    called = library_name([prefix])
    assert check_library_name(called[:31].rstrip("_"))
    library = Library(name=called, models=(LibraryModel(model=named(prefix)),))
    for form in FORMS.values():
        paths = library_contents(library, form)
        assert f"src/{called}/{prefix}.c" in paths
        assert all(re.fullmatch(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*", path) for path in paths)


@pytest.mark.parametrize(
    ("one", "other"),
    [("kws", "kws"), ("kws", "KWS"), ("kws", "kws_frontend"), ("kws", "kws_listener")],
)
def test_models_that_name_the_same_are_refused(
    one: str, other: str, named, library: Library
) -> None:
    first = dataclasses.replace(library.models[0], model=named(one))
    both = Library(name="x", models=(first, LibraryModel(model=named(other))))
    with pytest.raises(BadInput, match="do not go into one program") as caught:
        library_contents(both, FORMS["library"])
    assert "--name" in caught.value.hint


def test_examples_fill_every_input(library: Library) -> None:
    model = library.models[1].model
    header = model.header + "#define WAKE_INPUTS 2\n#define WAKE_STATE_BYTES 16\n"
    two = LibraryModel(model=dataclasses.replace(model, header=header))
    written = library_contents(Library(name="x", models=(two,)), FORMS["zephyr"])
    main = written["samples/wake_infer/src/main.c"].decode()
    for number in range(2):
        assert f"wake_input_at(arena, {number}), wake_inputs[{number}].bytes)" in main
    assert ", 16 of state |\n" in written["README.md"].decode()
    assert "  wake_reset(state);" in main
    assert "wake_run(arena, state, NULL, NULL);" in main


def test_a_frontend_goes_with_labels(library: Library) -> None:
    alone = dataclasses.replace(library.models[0], stream=None)
    with pytest.raises(BadInput, match="go together"):
        library_contents(Library(name="x", models=(alone,)), FORMS["library"])


@pytest.mark.parametrize("name", ["Kws", "log", "main", "arduino_kws", "esp_x", "a b", "1a", "m"])
def test_names_of_others_cannot_name_a_library(name: str) -> None:
    with pytest.raises(BadInput, match="cannot name"):
        check_library_name(name)


def test_the_same_library_again_leaves_what_was_built(library: Library, tmp_path: Path) -> None:
    contents = library_contents(library, FORMS["library"])
    place(tmp_path / "there", contents)
    (tmp_path / "there" / "build").mkdir()
    place(tmp_path / "there", contents)
    assert (tmp_path / "there" / "build").is_dir()
    # Another form is another export; what somebody changed is kept.
    place(tmp_path / "there", library_contents(library, FORMS["zephyr"]))
    assert (tmp_path / "there" / "zephyr" / "Kconfig").is_file()
    (tmp_path / "there" / "zephyr" / "Kconfig").write_text("mine")
    with pytest.raises(BadInput, match="changed since"):
        place(tmp_path / "there", contents)
