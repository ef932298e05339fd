"""The amplitude-phase MicroFrontend in C11, as two extension modules.

`_frontend` keeps real and imaginary parts apart, for the vector units of a host. `_frontend_packed`
is what devices run: it hands out their tables, and tests hold the two to the same bits.

The binding keeps to CPython's limited API, to which buffers belong since 3.11. One wheel, `abi3`,
therefore does for CPython 3.11 and all that follow; 3.10 has a wheel of its own.
"""

import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

FRONTEND = Path("firmware_bridge/frontend")
ABI3 = sys.implementation.name == "cpython" and sys.version_info >= (3, 11)
LIMITED_API: list[tuple[str, str | None]] = [("Py_LIMITED_API", "0x030B0000")] if ABI3 else []


def frontend(name: str, macros: list[tuple[str, str | None]]) -> Extension:
    """Return the extension module `name`."""
    return Extension(
        f"firmware_bridge.frontend.{name}",
        sources=[
            path.as_posix()
            for folder in ("binding", "src")
            for path in sorted((FRONTEND / folder).glob("*.c"))
        ],
        depends=[
            path.as_posix()
            for folder in ("binding", "include")
            for path in sorted((FRONTEND / folder).glob("*.h"))
        ],
        include_dirs=[(FRONTEND / folder).as_posix() for folder in ("binding", "include")],
        define_macros=macros + LIMITED_API,
        py_limited_api=ABI3,
        # Contracting a * b + c would round the tables differently from machine to machine.
        extra_compile_args=["-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno"],
    )


class BuildInPlace(build_ext):
    """Builds; in the source tree it takes away what an earlier build left under another name.

    Of two files for one module Python loads the one that is named for its own version, however
    old that is.
    """

    def copy_extensions_to_source(self) -> None:
        """Copy what was built into the packages, in place of what was there for this Python."""
        for extension in self.extensions:
            built = Path(self.get_ext_filename(extension.name))
            ours = f".cpython-{sys.version_info.major}{sys.version_info.minor}-"
            for old in built.parent.glob(f"{built.name.partition('.')[0]}.*.so"):
                if ours in old.name and old.name != built.name:
                    old.unlink()
        super().copy_extensions_to_source()


setup(
    ext_modules=[frontend("_frontend", [("APF_SPLIT", None)]), frontend("_frontend_packed", [])],
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if ABI3 else {},
    cmdclass={"build_ext": BuildInPlace},
)
