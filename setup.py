"""The amplitude-phase MicroFrontend in C11, as two extension modules.

`_frontend` keeps real and imaginary parts apart, for the vector units of a host. `_frontend_packed`
is what devices run: it hands out their tables, and tests hold the two to the same bits.
"""

from pathlib import Path

from setuptools import Extension, setup

FRONTEND = Path("firmware_bridge/frontend")


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
        define_macros=macros,
        # Contracting a * b + c would round the tables differently from machine to machine.
        extra_compile_args=["-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno"],
    )


setup(ext_modules=[frontend("_frontend", [("APF_SPLIT", None)]), frontend("_frontend_packed", [])])
