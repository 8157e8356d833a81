#include "bindings/bindings.h"

PYBIND11_MODULE(_core, m, pybind11::mod_gil_not_used()) {
  using namespace decodex::bindings;
  m.doc() = "The native core of decodex: use the package's public names instead.";
  register_errors(m);
  register_vocabulary(m);
  register_terms(m);
  register_artefacts(m);
  register_compiled(m);
  register_matcher(m);
}
