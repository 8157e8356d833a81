#include "base/error.h"
#include "bindings/bindings.h"

namespace decodex::bindings {

namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorKind::Mask, "the mask buffer " + what + "; make one with decodex.allocate_bitmask(rows, vocab_size)");
}

// The tensor of the last call: loops pass the same one, and its checks cost more than the mask. It is recognised by
// object, address and size, so nothing outside its memory can be written even if another object took its place.
struct LastTensor {
  PyObject* object = nullptr;
  uintptr_t address = 0;
  size_t bytes = 0;
  MaskBuffer buffer;
};
thread_local LastTensor last_tensor;

size_t number(py::handle tensor, PyObject* name, bool is_method) {
  PyObject* value = is_method ? PyObject_CallMethodNoArgs(tensor.ptr(), name) : PyObject_GetAttr(tensor.ptr(), name);
  if (!value) throw py::error_already_set();
  size_t out = PyLong_AsSize_t(value);
  Py_DECREF(value);
  return out;
}

MaskBuffer from_torch(py::handle tensor) {
  static PyObject* const data_ptr = PyUnicode_InternFromString("data_ptr");
  static PyObject* const nbytes = PyUnicode_InternFromString("nbytes");
  uintptr_t address = number(tensor, data_ptr, true);
  size_t bytes = number(tensor, nbytes, false);
  LastTensor& last = last_tensor;
  if (last.object == tensor.ptr() && last.address == address && last.bytes == bytes) return last.buffer;
  if (!tensor.attr("dtype").equal(py::module_::import("torch").attr("int32")))
    refuse("has dtype " + py::cast<std::string>(py::str(tensor.attr("dtype"))) + ", not torch.int32");
  if (py::cast<std::string>(tensor.attr("device").attr("type")) != "cpu") refuse("is not on the CPU");
  if (!py::cast<bool>(tensor.attr("is_contiguous")())) refuse("is not contiguous");
  auto shape = py::cast<std::vector<size_t>>(tensor.attr("shape"));
  if (shape.size() != 1 && shape.size() != 2) refuse("has " + std::to_string(shape.size()) + " dimensions, not 1 or 2");
  MaskBuffer out;
  out.data = reinterpret_cast<uint32_t*>(address);
  out.rows = shape.size() == 2 ? shape[0] : 1;
  out.columns = shape.back();
  last = {tensor.ptr(), address, bytes, out};
  return out;
}

MaskBuffer from_buffer(py::handle object) {
  Py_buffer view;
  if (PyObject_GetBuffer(object.ptr(), &view, PyBUF_WRITABLE | PyBUF_ND | PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) != 0) {
    PyErr_Clear();
    refuse("is not a writable C-contiguous buffer");
  }
  std::string format = view.format ? view.format : "B";
  MaskBuffer out;
  out.data = static_cast<uint32_t*>(view.buf);
  out.rows = view.ndim == 2 ? static_cast<size_t>(view.shape[0]) : 1;
  out.columns = view.ndim >= 1 ? static_cast<size_t>(view.shape[view.ndim - 1]) : 0;
  int dimensions = view.ndim;
  size_t item = static_cast<size_t>(view.itemsize);
  PyBuffer_Release(&view);
  if (item != 4 || (format != "i" && format != "l" && format != "<i" && format != "=i"))
    refuse("has item format '" + format + "', not int32");
  if (dimensions != 1 && dimensions != 2) refuse("has " + std::to_string(dimensions) + " dimensions, not 1 or 2");
  return out;
}

}  // namespace

uint32_t* MaskBuffer::row(int64_t index) const {
  if (index < 0 || static_cast<size_t>(index) >= rows)
    throw Error(ErrorKind::Mask, "row " + std::to_string(index) + " is outside the mask buffer of " +
                                     std::to_string(rows) + " rows");
  return data + static_cast<size_t>(index) * columns;
}

MaskBuffer mask_buffer(py::handle object, size_t words) {
  MaskBuffer out;
  if (PyObject_CheckBuffer(object.ptr())) out = from_buffer(object);
  else if (py::hasattr(object, "data_ptr")) out = from_torch(object);
  else refuse("is a " + std::string(Py_TYPE(object.ptr())->tp_name) + ", not a NumPy array or torch tensor");
  if (out.columns != words)
    refuse("has " + std::to_string(out.columns) + " words per row where the vocabulary needs " + std::to_string(words));
  return out;
}

}  // namespace decodex::bindings
