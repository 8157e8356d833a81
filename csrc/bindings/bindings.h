// What the binding files share. One registration function per concept; a binding converts and does nothing else.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

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

// A value as messages show it.
inline std::string shown(py::handle value) {
  return py::cast<std::string>(py::module_::import("decodex.errors").attr("shown")(value));
}

// A whole number from Python: what is larger than its type is the largest there is. Throws Error(kind) for what is none.
template <ErrorKind kind>
struct Whole {
  static_assert(kind == ErrorKind::Vocabulary || kind == ErrorKind::Mask || kind == ErrorKind::Constraint);
  static constexpr const char* kNames = kind == ErrorKind::Vocabulary ? "token ids and counts of tokens"
                                        : kind == ErrorKind::Mask     ? "rows of masks and numbers of threads"
                                                                      : "limits";
  int64_t value = 0;
};

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

template <decodex::ErrorKind kind>
struct pybind11::detail::type_caster<decodex::bindings::Whole<kind>> {
  PYBIND11_TYPE_CASTER(decodex::bindings::Whole<kind>, const_name("int"));

  bool load(handle from, bool) {
    const object number = reinterpret_steal<object>(PyNumber_Index(from.ptr()));
    if (!number) {
      PyErr_Clear();
      throw decodex::Error(kind, std::string(value.kNames) + " are whole numbers, not " + decodex::bindings::shown(from));
    }
    int overflow = 0;
    value.value = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
    if (overflow != 0) value.value = overflow > 0 ? INT64_MAX : INT64_MIN;
    return true;
  }
};
