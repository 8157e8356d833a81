"""``python -m benchmarks [NAME ...] [--quick]``: run the benchmarks that are named, or all of them."""

import sys

from benchmarks.harness.suite import run_all

if __name__ == "__main__":
    sys.exit(run_all())
