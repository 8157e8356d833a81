#include <algorithm>

#include "bindings/bindings.h"
#include "matcher/engine.h"

namespace decodex::bindings {

void add_stats(Generation& generation, py::dict& out) {
  auto add = [&](const char* name, size_t value) {
    out[name] = (out.contains(name) ? py::cast<size_t>(out[name]) : 0) + value;
  };
  const MaskStats masks = generation.masks.stats();
  {
    std::lock_guard lock(generation.pool.mutex());
    add("states", generation.pool.size());
    add("automaton_bytes", generation.pool.memory());
  }
  add("masks", masks.masks);
  add("mask_bytes", masks.mask_bytes);
  add("lexeme_tables", masks.tables);
  add("lexeme_table_bytes", masks.table_bytes);
  add("absorption_bytes", masks.absorption_bytes);
  add("cost_bytes", masks.cost_bytes);
  add("capture_mask_bytes", masks.capture_bytes);
  add("mask_hits", masks.fills - std::min(masks.fills, masks.made));
  add("masks_made", masks.made);
  add("lexeme_table_hits", masks.table_hits);
  add("walks", masks.walks);
  add("evictions", masks.evictions);
  add("masks_dropped", masks.masks_dropped);
  add("lexeme_tables_dropped", masks.tables_dropped);
}

namespace {

using PhaseArguments = std::vector<std::tuple<std::shared_ptr<Term>, uint32_t, std::optional<uint32_t>>>;

std::vector<PhaseTerm> phases_of(const PhaseArguments& arguments) {
  std::vector<PhaseTerm> out;
  for (const auto& [term, min, max] : arguments) out.push_back({term, min, max.value_or(kNoBudget)});
  return out;
}

using Limit = Whole<ErrorKind::Constraint>;

uint64_t checked(const char* name, Limit limit, int64_t most) {
  if (limit.value < 0)
    throw Error(ErrorKind::Constraint, std::string("the limit ") + name + " is a count, not " + std::to_string(limit.value));
  return static_cast<uint64_t>(std::min(limit.value, most));
}

}  // namespace

void register_compiled(py::module_& m) {
  py::class_<Limits>(m, "Limits")
      .def(py::init([](Limit search_states, Limit pool_bytes, Limit nesting) {
             return Limits{checked("search_states", search_states, INT64_MAX), checked("pool_bytes", pool_bytes, INT64_MAX),
                           static_cast<uint32_t>(checked("nesting", nesting, UINT32_MAX))};
           }),
           py::arg("search_states") = Limits{}.search_states, py::arg("pool_bytes") = Limits{}.pool_bytes,
           py::arg("nesting") = Limits{}.nesting)
      .def_readonly("search_states", &Limits::search_states)
      .def_readonly("pool_bytes", &Limits::pool_bytes)
      .def_readonly("nesting", &Limits::nesting);

  py::class_<Compiled, std::shared_ptr<Compiled>>(m, "Compiled")
      .def(py::init([](std::shared_ptr<Engine> engine, std::shared_ptr<Term> term, const Limits& limits,
                       const PhaseArguments& phases) {
             const WithoutGil without_gil;
             return std::make_shared<Compiled>(std::move(engine), std::move(term), limits, phases_of(phases));
           }),
           py::arg("vocabulary"), py::arg("term"), py::arg("limits"), py::arg("phases") = PhaseArguments{})
      .def(py::init([](std::shared_ptr<Engine> engine, std::shared_ptr<Term> term, const Limits& limits,
                       std::shared_ptr<SavedStates> saved, std::vector<std::string> unenforced, const PhaseArguments& phases) {
             const WithoutGil without_gil;
             return std::make_shared<Compiled>(std::move(engine), std::move(term), limits, std::move(saved), std::move(unenforced),
                                               phases_of(phases));
           }),
           py::arg("vocabulary"), py::arg("term"), py::arg("limits"), py::arg("saved"), py::arg("unenforced"),
           py::arg("phases") = PhaseArguments{})
      .def("record", &record, py::arg("texts"),
           "The states on the way of token sequences, and how many tokens of each could be read.")
      .def_property(
          "origin",
          [](const Compiled& c) {
            return c.origin ? py::reinterpret_borrow<py::object>(static_cast<PyObject*>(c.origin.get())) : py::none();
          },
          [](Compiled& c, const py::object& origin) {
            c.origin = std::shared_ptr<void>(py::object(origin).release().ptr(), [](void* object) {
              py::gil_scoped_acquire hold;  // the last matcher may go in any thread
              Py_DECREF(static_cast<PyObject*>(object));
            });
          })
      .def_property_readonly("unenforced", [](const Compiled& c) { return c.unenforced(); })
      .def("dump", [](Compiled& c) {
        auto start = c.start();
        std::lock_guard lock(start.generation->pool.mutex());
        return start.generation->pool.dump(start.root);
      })
      .def("stats", [](Compiled& c) {
        py::dict out;
        add_stats(*c.start().generation, out);
        return out;
      });
}

}  // namespace decodex::bindings
