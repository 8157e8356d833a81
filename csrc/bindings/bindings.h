// What the binding files share. One registration function per concept; a binding converts and does nothing else.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>

namespace decodex::bindings {

namespace py = pybind11;

void register_errors(py::module_& m);
void register_vocabulary(py::module_& m);
void register_terms(py::module_& m);
void register_compiled(py::module_& m);
void register_matcher(py::module_& m);

// A row-major int32 buffer of masks that lives in Python: a NumPy array, a torch CPU tensor, or any other writable
// C-contiguous int32 buffer of one or two dimensions. Throws Error(Mask) when it does not fit `words` columns.
struct MaskBuffer {
  uint32_t* data = nullptr;
  size_t rows = 0, columns = 0;
  uint32_t* row(int64_t index) const;   // throws Error(Mask) when there is no such row
};
MaskBuffer mask_buffer(py::handle object, size_t words);

}  // namespace decodex::bindings
