"""The one extension module: the amplitude-phase MicroFrontend in C11."""

from pathlib import Path

from setuptools import Extension, setup

FRONTEND = Path("firmware_bridge/frontend")

setup(
    ext_modules=[
        Extension(
            "firmware_bridge.frontend._frontend",
            sources=[
                (FRONTEND / "binding/_frontend.c").as_posix(),
                *sorted(path.as_posix() for path in (FRONTEND / "src").glob("*.c")),
            ],
            depends=sorted(path.as_posix() for path in (FRONTEND / "include").glob("*.h")),
            include_dirs=[(FRONTEND / "include").as_posix()],
            # Contracting a * b + c would round the tables differently from machine to machine.
            extra_compile_args=["-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno"],
        )
    ]
)
