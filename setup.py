"""Builds the native core. Switches (environment variables):

DECODEX_DEBUG=1              no optimisation, debug information, internal checks on
DECODEX_NO_CORE=1            do not build it (a later `python setup.py build_ext --inplace` does, incrementally)
DECODEX_SANITIZE=address     with -fsanitize=... (address, undefined, thread; comma-separated)
"""

import os
from glob import glob

from pybind11.setup_helpers import ParallelCompile, Pybind11Extension, build_ext, naive_recompile
from setuptools import setup

debug = os.environ.get("DECODEX_DEBUG") == "1"
sanitize = os.environ.get("DECODEX_SANITIZE", "")

compile_args = ["-O0", "-g", "-UNDEBUG"] if debug else ["-O3", "-g0", "-DNDEBUG"]
compile_args += ["-fvisibility=hidden", "-Wall", "-Wextra"]
link_args: list[str] = []
if sanitize:
    compile_args += [f"-fsanitize={sanitize}", "-fno-omit-frame-pointer", "-g"]
    link_args += [f"-fsanitize={sanitize}"]

sources = sorted(path for path in glob("csrc/**/*.cpp", recursive=True) if not path.startswith("csrc/tests/"))
headers = sorted(glob("csrc/**/*.h", recursive=True))

newest_header = max(map(os.path.getmtime, headers), default=0)


def outdated(obj: str, src: str) -> bool:
    """Compile what is older than its source or any header."""
    return naive_recompile(obj, src) or os.path.getmtime(obj) < newest_header


ParallelCompile("DECODEX_BUILD_JOBS", default=0, needs_recompile=outdated).install()

core = [
    Pybind11Extension(
        "decodex._core",
        sources,
        include_dirs=["csrc"],
        depends=headers,
        cxx_std=20,
        extra_compile_args=compile_args,
        extra_link_args=link_args,
    )
]
setup(ext_modules=[] if os.environ.get("DECODEX_NO_CORE") == "1" else core, cmdclass={"build_ext": build_ext})
