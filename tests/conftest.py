"""Fixtures that all rooms share: real recordings, commands, what is made once, disks that fail."""

from __future__ import annotations

import fcntl
import gc
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from tests.children import PLACE, WarmChildren, install
from tests.commands import Commands, Ran
from tests.compilations import ANEW, share_compilations
from tests.costs import is_slow, is_slow_place, longest_first, share_processors

_WORTH_LOADING_TENSORFLOW = 100  # slow tests
_BESIDE = Path(__file__).resolve().parents[2] / "shared"
# How long an example takes says how busy a machine is. Loaded before other rooms make settings.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")


def pytest_configure(config: pytest.Config) -> None:
    share_processors()
    if "PYTEST_XDIST_WORKER" in os.environ or not config.getoption("numprocesses", None):
        gc.disable()  # until all is imported: nothing of that is garbage, and looking takes long


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out, unread, what `make test-fast` would deselect: half of its time was reading it."""
    unwanted = config.option.markexpr == "not slow" and is_slow_place(collection_path)
    return True if unwanted else None


def pytest_sessionstart() -> None:
    """Let children hear Ctrl-C and a closed terminal: in the background both may be ignored."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:  # as nohup does
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_itemcollected(item: pytest.Item) -> None:
    if is_slow(item):
        item.add_marker(pytest.mark.slow)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    longest_first(items)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real models and corpora; set EDGESER_SHARED to point at one."""
    folder = Path(os.environ.get("EDGESER_SHARED", _BESIDE))
    if not folder.is_dir():
        pytest.skip("no folder of real models here: point EDGESER_SHARED at one")
    return folder


@pytest.fixture(scope="session")
def cremad() -> Path:
    """CREMA-D in its published layout; set EDGESER_CREMAD to its folder."""
    folder = Path(os.environ.get("EDGESER_CREMAD", _BESIDE / "corpora" / "CREMA-D"))
    if not (folder / "AudioWAV").is_dir():
        pytest.skip("no CREMA-D here: point EDGESER_CREMAD at its folder")
    return folder


Edgeser = Callable[..., Ran]
MakeOnce = Callable[[str, Callable[[Path], None]], Path]


@pytest.fixture(scope="session")
def edgeser_program() -> str:
    """The installed command `edgeser` beside this Python."""
    program = shutil.which("edgeser", path=str(Path(sys.executable).parent))
    assert program is not None, "edgeser is not installed beside this Python"
    return program


@pytest.fixture(scope="session")
def of_all_processes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this session of tests have in common."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "of-all-processes"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session", autouse=True)
def warm_children(request: pytest.FixtureRequest, of_all_processes: Path) -> Iterator[None]:
    """Convert and run models in forks of processes that are warm, where many tests run."""
    if sum(is_slow(item) for item in request.session.items) < _WORTH_LOADING_TENSORFLOW:
        yield
        return
    warm = WarmChildren(of_all_processes / "children")
    os.environ[PLACE] = str(warm.folder)
    install()
    yield
    warm.close()


@pytest.fixture(scope="session", autouse=True)
def compile_once(request: pytest.FixtureRequest, of_all_processes: Path) -> None:
    """Have each file compiled once, in this session of tests or in one before."""
    cache = getattr(request.config, "cache", None)  # none with -p no:cacheprovider
    kept = of_all_processes / "compiled" if cache is None else Path(cache.mkdir("compiled"))
    share_compilations(of_all_processes, kept)


@pytest.fixture
def compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have everything compiled by the compiler itself."""
    monkeypatch.setenv(ANEW, "1")


@pytest.fixture(scope="session")
def made_once(of_all_processes: Path, tmp_path_factory: pytest.TempPathFactory) -> MakeOnce:
    """Have a folder made by whichever process needs it first; each gets a copy of its own."""

    def get(name: str, make: Callable[[Path], None]) -> Path:
        original = of_all_processes / name
        finished = of_all_processes / f"{name}.finished"
        with (of_all_processes / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not finished.exists():
                shutil.rmtree(original, ignore_errors=True)
                original.mkdir()
                make(original)
                finished.touch()
        copy = tmp_path_factory.mktemp(name) / name
        shutil.copytree(original, copy)
        return copy

    return get


@pytest.fixture(scope="session")
def edgeser(
    edgeser_program: str, of_all_processes: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Edgeser]:
    """Run the command in a process of its own, with a feature cache of these tests."""
    cache = of_all_processes / "feature-cache"
    commands = Commands(edgeser_program, of_all_processes / "verbs")

    def run(
        *arguments: object,
        cwd: Path | None = None,
        timeout_s: float = 180,
        anew: bool = False,
        **environment: str,
    ) -> Ran:
        return commands.run(
            [*map(str, arguments)],
            cwd=cwd or tmp_path_factory.getbasetemp(),
            timeout_s=timeout_s,
            anew=anew,
            environment={
                **os.environ, "EDGESER_CACHE": str(cache), "COLUMNS": "200", **environment
            },
        )  # fmt: skip

    yield run
    commands.close()


@pytest.fixture(scope="session")
def tiny_recipe() -> Path:
    """A recipe whose whole pipeline takes seconds."""
    return Path(__file__).with_name("tiny_recipe.toml")


@dataclass(frozen=True)
class Road:
    """A finished run: its folder and what the command said."""

    folder: Path
    ran: Ran

    @property
    def corpus(self) -> str:
        """Its recordings, for ``--corpus``."""
        return f"synthetic:{self.folder / 'synthetic-voices'}"


@pytest.fixture(scope="session")
def road(edgeser: Edgeser, tiny_recipe: Path, made_once: MakeOnce) -> Road:
    """The whole road."""

    def make(place: Path) -> None:
        ran = edgeser("run", tiny_recipe, "--out", place / "run", "--json", timeout_s=600)
        assert ran.code == 0, ran.err
        (place / "said.json").write_text(json.dumps(asdict(ran)))

    place = made_once("road", make)
    return Road(place / "run", Ran(**json.loads((place / "said.json").read_text())))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of 64 kB; needs the right to mount."""
    with _tmpfs(tmp_path / "small", "size=64k") as folder:
        yield folder


@pytest.fixture
def unwritable_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in which nobody may write: for root, one that is mounted read-only."""
    if os.geteuid() == 0:
        with _tmpfs(tmp_path / "unwritable", "ro") as folder:
            yield folder
    else:
        folder = tmp_path / "unwritable"
        folder.mkdir(mode=0o500)
        yield folder


@contextmanager
def _tmpfs(folder: Path, options: str) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a tmpfs is not allowed here")
    try:
        yield folder
    finally:
        unmount = ["umount", str(folder)]
        subprocess.run(unmount, check=True)
