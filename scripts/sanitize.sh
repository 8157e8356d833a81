#!/usr/bin/env bash
# Builds the core with the given sanitizers (address,undefined or thread) and runs its tests.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:?usage: sanitize.sh address,undefined|thread}
out=build/sanitize-${kind//,/-}
mkdir -p "$out"
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ASAN_OPTIONS=detect_leaks=1
find csrc -name '*.cpp' -not -path 'csrc/bindings/*' | sort | xargs -P 2 -I{} sh -c \
  'o='"$out"'/$(echo {} | tr / _).o; if [ ! -e $o ] || [ {} -nt $o ] || [ -n "$(find csrc -name "*.h" -newer $o -print -quit)" ]; then '"${CXX:-g++}"' -std=c++20 -O1 -g -fno-omit-frame-pointer -fsanitize='"$kind"' -Icsrc -Icsrc/tests/third_party -pthread -c {} -o $o; fi'
"${CXX:-g++}" -fsanitize="$kind" -pthread "$out"/*.o -o "$out/tests.out"
"$out/tests.out"
