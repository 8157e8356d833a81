#include "bindings/bindings.h"
#include "matcher/engine.h"

namespace decodex::bindings {

void register_compiled(py::module_& m) {
  py::class_<Limits>(m, "Limits")
      .def(py::init([](uint64_t search_states, uint64_t pool_bytes, uint32_t nesting) {
             return Limits{search_states, pool_bytes, nesting};
           }),
           py::arg("search_states") = Limits{}.search_states, py::arg("pool_bytes") = Limits{}.pool_bytes,
           py::arg("nesting") = Limits{}.nesting)
      .def_readonly("search_states", &Limits::search_states)
      .def_readonly("pool_bytes", &Limits::pool_bytes)
      .def_readonly("nesting", &Limits::nesting);

  py::class_<Compiled, std::shared_ptr<Compiled>>(m, "Compiled")
      .def(py::init([](std::shared_ptr<Engine> engine, std::shared_ptr<Term> term, const Limits& limits) {
             const WithoutGil without_gil;
             return std::make_shared<Compiled>(std::move(engine), std::move(term), limits);
           }),
           py::arg("vocabulary"), py::arg("term"), py::arg("limits"))
      .def_property_readonly("unenforced", [](const Compiled& c) { return c.unenforced(); })
      .def("dump", [](Compiled& c) {
        auto start = c.start();
        std::lock_guard lock(start.generation->pool.mutex());
        return start.generation->pool.dump(start.root);
      })
      .def("stats", [](Compiled& c) {
        auto start = c.start();
        MaskStats masks = start.generation->masks.stats();
        py::dict out;
        {
          std::lock_guard lock(start.generation->pool.mutex());
          out["states"] = start.generation->pool.size();
          out["automaton_bytes"] = start.generation->pool.memory();
        }
        out["masks"] = masks.masks;
        out["lexeme_tables"] = masks.tables;
        out["mask_bytes"] = masks.bytes;
        out["walks"] = masks.walks;
        out["evictions"] = masks.evictions;
        return out;
      });
}

}  // namespace decodex::bindings
