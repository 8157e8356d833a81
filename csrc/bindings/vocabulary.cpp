#include "bindings/arrays.h"
#include "matcher/engine.h"

namespace decodex::bindings {

namespace {

template <class T>
std::vector<T> to_vector(const py::array_t<T, py::array::c_style | py::array::forcecast>& array) {
  return {array.data(), array.data() + array.size()};
}

template <class T>
using Array = py::array_t<T, py::array::c_style | py::array::forcecast>;

std::shared_ptr<Engine> make(std::string blob, const Array<int64_t>& offsets, const Array<uint8_t>& has_text,
                             const Array<int32_t>& start_ids, std::string start_blob,
                             const Array<int64_t>& start_offsets, std::vector<int32_t> eos_token_ids,
                             const std::optional<Array<uint32_t>>& order, const std::optional<py::dict>& tables) {
  auto o = to_vector<int64_t>(offsets);
  auto h = to_vector<uint8_t>(has_text);
  auto s = to_vector<int32_t>(start_ids);
  auto so = to_vector<int64_t>(start_offsets);
  auto sorted = order ? to_vector<uint32_t>(*order) : std::vector<uint32_t>();
  auto arrays = tables ? std::optional(from_arrays<SavedTables::Arrays>(*tables)) : std::nullopt;
  const WithoutGil without_gil;
  auto vocab = std::make_shared<Vocabulary>(std::move(blob), std::move(o), std::move(h), std::move(s),
                                            std::move(start_blob), std::move(so), std::move(eos_token_ids), sorted);
  auto kept = arrays ? std::make_shared<const SavedTables>(*vocab, std::move(*arrays)) : nullptr;
  return std::make_shared<Engine>(std::move(vocab), std::move(kept));
}

}  // namespace

void register_vocabulary(py::module_& m) {
  py::class_<Engine, std::shared_ptr<Engine>>(m, "Vocabulary")
      .def(py::init([](py::bytes blob, const Array<int64_t>& offsets, const Array<uint8_t>& has_text,
                       const Array<int32_t>& start_ids, py::bytes start_blob, const Array<int64_t>& start_offsets,
                       std::vector<int32_t> eos, const std::optional<Array<uint32_t>>& order,
                       const std::optional<py::dict>& tables) {
             return make(blob, offsets, has_text, start_ids, start_blob, start_offsets, std::move(eos), order, tables);
           }),
           py::arg("blob"), py::arg("offsets"), py::arg("has_text"), py::arg("start_ids"), py::arg("start_blob"),
           py::arg("start_offsets"), py::arg("eos_token_ids"), py::arg("order") = py::none(), py::arg("tables") = py::none())
      .def_property_readonly("order", [](const Engine& e) {
             const TokenTrie& trie = e.vocab().trie();
             return py::array_t<uint32_t>(static_cast<py::ssize_t>(trie.id_count()), trie.ids());
           }, "The ids with text, in the order of their bytes.")
      .def("longest_tokens", [](const Engine& e, py::bytes text) { return e.vocab().longest_tokens(std::string_view(text)); },
           py::arg("text"), "A text cut into the longest tokens that there are, one after the other.")
      .def("tables", [](Engine& e) {
             SavedTables::Arrays tables;
             {
               const WithoutGil without_gil;
               tables = e.tables();
             }
             return to_arrays(tables);
           }, "The lexeme tables made so far, as arrays.")
      .def_property_readonly("size", [](const Engine& e) { return e.vocab().size(); })
      .def_property_readonly("trie_nodes", [](const Engine& e) { return e.vocab().trie().size(); })
      .def_property_readonly("max_token_bytes", [](const Engine& e) { return e.vocab().max_token_bytes(); })
      .def_property_readonly("spells_every_byte", [](const Engine& e) { return e.vocab().spells_every_byte(); })
      .def("stats", [](Engine& e) {
             py::dict out;
             const auto generations = e.alive();
             out["vocabulary_bytes"] = e.vocab().memory();
             out["generations"] = generations.size();
             for (const auto& generation : generations) add_stats(*generation, out);
             return out;
           })
      .def_property_readonly("memory", [](const Engine& e) { return e.vocab().memory(); });
}

}  // namespace decodex::bindings
