// What an artefact keeps of a constraint.
#include "bindings/arrays.h"
#include "mask/recorder.h"
#include "matcher/engine.h"

namespace decodex::bindings {

std::pair<std::shared_ptr<SavedStates>, std::vector<size_t>> record(Compiled& compiled, const std::vector<std::vector<uint32_t>>& texts) {
  const WithoutGil without_gil;
  const Compiled::Start start = compiled.start();
  for (const std::vector<uint32_t>& text : texts)
    for (uint32_t token : text)
      if (token >= compiled.vocab().size())
        throw Error(ErrorKind::Vocabulary, "token id " + std::to_string(token) + " is outside the vocabulary of " +
                                               std::to_string(compiled.vocab().size()) + " ids");
  Recorder recorder(start.generation->pool, start.generation->masks, start.root);
  std::vector<size_t> read;
  for (const std::vector<uint32_t>& text : texts) read.push_back(recorder.read(text));
  return {std::make_shared<SavedStates>(recorder.finish()), read};
}

void register_artefacts(py::module_& m) {
  py::class_<SavedStates, std::shared_ptr<SavedStates>>(m, "SavedStates")
      .def(py::init([](const Engine& engine, const py::dict& arrays, std::string name) {
             auto out = std::make_shared<SavedStates>(from_arrays<SavedStates>(arrays));
             out->name = std::move(name);
             const WithoutGil without_gil;
             out->prepare(engine.vocab());
             return out;
           }),
           py::arg("vocabulary"), py::arg("arrays"), py::arg("name") = "")
      .def("arrays", &to_arrays<SavedStates>)
      .def("__len__", [](const SavedStates& s) { return s.states.size(); })
      .def_property_readonly("masks", [](const SavedStates& s) { return s.masks.size(); })
      .def_property_readonly("memory", &SavedStates::memory);
}

}  // namespace decodex::bindings
