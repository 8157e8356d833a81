"""Builds the native core. Switches (environment variables):

DECODEX_DEBUG=1              no optimisation, debug information, internal checks on
DECODEX_SANITIZE=address     with -fsanitize=... (address, undefined, thread; comma-separated)
"""

import os
from glob import glob

from pybind11.setup_helpers import ParallelCompile, Pybind11Extension, build_ext
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

ParallelCompile("DECODEX_BUILD_JOBS", default=0).install()

setup(
    ext_modules=[
        Pybind11Extension(
            "decodex._core",
            sources,
            include_dirs=["csrc"],
            depends=headers,
            cxx_std=20,
            extra_compile_args=compile_args,
            extra_link_args=link_args,
        )
    ],
    cmdclass={"build_ext": build_ext},
)
