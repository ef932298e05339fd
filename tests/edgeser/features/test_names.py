"""Features of many recordings into one folder: nothing replaces anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeser.features.names import npz_names


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["x.wav"], ["x.npz"]),
        (["/a/x.wav", "/b/y.flac"], ["x.npz", "y.npz"]),
        (["a/x.wav", "b/x.wav"], ["a/x.npz", "b/x.npz"]),
        (["a/x.wav", "b/x.wav", "c/y.wav"], ["a/x.npz", "b/x.npz", "y.npz"]),
        (["p/a/x.wav", "q/a/x.wav", "b/x.wav"], ["p/a/x.npz", "q/a/x.npz", "b/x.npz"]),
        (["a/x.wav", "a/x.flac"], ["x.wav.npz", "x.flac.npz"]),
        (["a/x.wav", "a/x.flac", "a/y.wav"], ["x.wav.npz", "x.flac.npz", "y.npz"]),
        (["a/x.wav", "a/x.flac", "b/x.wav"], ["a/x.wav.npz", "a/x.flac.npz", "b/x.npz"]),
        (["a/x.wav", "b/x.flac"], ["a/x.npz", "b/x.npz"]),
        (["a/x.wav", "b/X.wav"], ["a/x.npz", "b/X.npz"]),
        (["a/x.wav", "a/X.flac"], ["x.wav.npz", "X.flac.npz"]),
        (["a/\u00e4.wav", "b/a\u0308.wav"], ["a/\u00e4.npz", "b/a\u0308.npz"]),
        (["x.wav", "x.flac", "x.wav.wav"], ["x.wav.npz", "x.flac.npz", "x.wav.wav.npz"]),
        (["a/x.wav", "a/x.flac", "b/x.wav.wav"], ["a/x.wav.npz", "x.flac.npz", "b/x.wav.npz"]),
        (["/x.wav", "/b/x.wav", "/c/b/x.wav"], ["x.npz", "b/x.npz", "c/b/x.npz"]),
        (["/b/x.wav", "/c/b/x.wav", "/x.wav"], ["b/x.npz", "c/b/x.npz", "x.npz"]),
    ],
)
def test_names_are_short_and_each_is_one_recordings(given: list[str], expected: list[str]) -> None:
    names = npz_names([Path(path) for path in given])
    assert list(names) == [Path(path) for path in given]
    assert len({str(name) for name in names.values()}) == len(given)
    assert [name.as_posix() for name in names.values()] == expected


def test_one_that_is_given_twice_has_one_name(tmp_path: Path) -> None:
    first, again = tmp_path / "x.wav", tmp_path / "y" / ".." / "x.wav"
    other = tmp_path / "other.wav"
    names = npz_names([first, other, again, first])
    assert list(names.items()) == [(first, Path("x.npz")), (other, Path("other.npz"))]


def test_names_that_differ_in_case_alone_stay_where_the_system_tells_them_apart() -> None:
    names = npz_names([Path("/a/x.wav"), Path("/a/X.wav")])
    assert len(set(map(str, names.values()))) == 2
