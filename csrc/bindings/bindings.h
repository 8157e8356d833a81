// What the binding files share. One registration function per concept; a binding converts and does nothing else.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace decodex {
class Compiled;
struct SavedStates;
}  // namespace decodex

namespace decodex {
struct Generation;
}

namespace decodex::bindings {

namespace py = pybind11;

void register_errors(py::module_& m);
void register_vocabulary(py::module_& m);
void register_terms(py::module_& m);
void register_artefacts(py::module_& m);
void register_compiled(py::module_& m);
void register_matcher(py::module_& m);

// Adds what a generation holds, and how its caches did, to the numbers in `out`.
void add_stats(Generation& generation, py::dict& out);

// No GIL while this lives. As pybind11's own guard, but the thread may end in it: Python before 3.14 ends a daemon thread
// that asks for the GIL of an interpreter that shuts down, by an exception that must pass through here.
class WithoutGil {
 public:
  WithoutGil() : thread_(PyEval_SaveThread()) {}
  ~WithoutGil() noexcept(false) { PyEval_RestoreThread(thread_); }
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;

 private:
  PyThreadState* thread_;
};

// A row-major int32 buffer of masks that lives in Python: a NumPy array, a torch CPU tensor, or any other writable
// C-contiguous int32 buffer of one or two dimensions. Throws Error(Mask) when it does not fit `words` columns.
struct MaskBuffer {
  uint32_t* data = nullptr;
  size_t rows = 0, columns = 0;
  uint32_t* row(int64_t index) const;   // throws Error(Mask) when there is no such row
};
MaskBuffer mask_buffer(py::handle object, size_t words);

// The states on the way of token sequences, and how many tokens of each could be read.
std::pair<std::shared_ptr<SavedStates>, std::vector<size_t>> record(Compiled& compiled,
                                                                    const std::vector<std::vector<uint32_t>>& texts);

}  // namespace decodex::bindings
