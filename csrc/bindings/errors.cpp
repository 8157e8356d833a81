// Errors of the core become the classes of decodex.errors, with their location.
#include "base/error.h"
#include "bindings/bindings.h"

namespace decodex::bindings {

namespace {

const char* class_name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Constraint: return "ConstraintError";
    case ErrorKind::Unsupported: return "UnsupportedError";
    case ErrorKind::Unsatisfiable: return "UnsatisfiableError";
    case ErrorKind::Budget: return "BudgetError";
    case ErrorKind::Limit: return "LimitError";
    case ErrorKind::Vocabulary: return "VocabularyError";
    case ErrorKind::Artefact: return "ArtefactError";
    case ErrorKind::Mask: return "MaskError";
  }
  return "DecodexError";
}

}  // namespace

void register_errors(py::module_&) {
  py::register_exception_translator([](std::exception_ptr pending) {
    try {
      if (pending) std::rethrow_exception(pending);
    } catch (const Error& error) {
      py::object cls = py::module_::import("decodex.errors").attr(class_name(error.kind));
      py::object instance = cls(py::str(error.what()));
      if (!error.location.empty()) instance.attr("location") = py::str(error.location);
      PyErr_SetObject(cls.ptr(), instance.ptr());
    }
  });
}

}  // namespace decodex::bindings
