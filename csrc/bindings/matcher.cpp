#include "matcher/matcher.h"

#include <pybind11/numpy.h>

#include <climits>
#include <optional>

#include "bindings/bindings.h"
#include "matcher/batch.h"

namespace decodex::bindings {

namespace {

using Token = Whole<ErrorKind::Vocabulary>;   // or a number of tokens
using Row = Whole<ErrorKind::Mask>;

// What is known already is answered at once; only work gives the GIL to other threads.
bool fill(Matcher& m, py::handle bitmask, Row row) {
  uint32_t* out = mask_buffer(bitmask, m.vocab().words()).row(row.value);
  if (auto restricted = m.fill_known(MaskEngine::Known(m.masks()), out)) return *restricted;
  const WithoutGil without_gil;
  return m.fill(out);
}

uint32_t token_id(Token token, const Matcher& m) {
  if (token.value < 0 || token.value >= m.vocab().size())
    throw Error(ErrorKind::Vocabulary, "token id " + std::to_string(token.value) + " is outside the vocabulary of " +
                                           std::to_string(m.vocab().size()) + " ids");
  return static_cast<uint32_t>(token.value);
}

// The ids of the mask that `fill` writes, ascending.
template <typename Fill>
py::array_t<int32_t> ids_of(Matcher& m, const Fill& fill) {
  std::vector<uint32_t> bits(m.vocab().words());
  {
    const WithoutGil without_gil;
    fill(bits.data());
  }
  size_t count = 0;
  for (uint32_t w : bits) count += static_cast<size_t>(std::popcount(w));
  py::array_t<int32_t> out(static_cast<py::ssize_t>(count));
  int32_t* next = out.mutable_data();
  for (size_t w = 0; w < bits.size(); ++w)
    for (uint32_t word = bits[w]; word; word &= word - 1)
      *next++ = static_cast<int32_t>(w * 32 + static_cast<size_t>(std::countr_zero(word)));
  return out;
}

py::array_t<int32_t> allowed_tokens(Matcher& m) {
  return ids_of(m, [&m](uint32_t* out) { m.fill(out); });
}

py::array_t<int32_t> finishing_tokens(Matcher& m) {
  return ids_of(m, [&m](uint32_t* out) { m.fill_finishing(out); });
}

void check_all(const std::vector<Matcher*>& matchers) {
  for (const Matcher* m : matchers)
    if (!m || m->vocab().words() != matchers[0]->vocab().words())
      throw Error(ErrorKind::Mask, "the matchers of one batch must share one vocabulary");
}

// The matchers of a list; it must outlive them.
std::vector<Matcher*> matchers_of(const py::object& list) {
  try {
    return py::cast<std::vector<Matcher*>>(list);
  } catch (const py::cast_error&) {
    throw Error(ErrorKind::Mask, "matchers is a list of matchers, not " + shown(list));
  }
}

bool fill_many(const py::object& list, py::handle bitmask, std::optional<Row> threads) {
  const std::vector<Matcher*> matchers = matchers_of(list);
  const int64_t count = threads.value_or(Row{1}).value;
  if (count < 0) throw Error(ErrorKind::Mask, "threads is a count, not " + std::to_string(count));
  if (matchers.empty()) return false;
  check_all(matchers);
  MaskBuffer buffer = mask_buffer(bitmask, matchers[0]->vocab().words());
  if (buffer.rows < matchers.size())
    throw Error(ErrorKind::Mask, "the mask buffer has " + std::to_string(buffer.rows) + " rows for " +
                                     std::to_string(matchers.size()) + " matchers");
  const WithoutGil without_gil;
  return fill_batch(matchers, buffer.data, buffer.columns, static_cast<unsigned>(std::min<int64_t>(count, UINT_MAX)));
}

using Ids = py::array_t<int64_t, py::array::c_style | py::array::forcecast>;

std::span<const int64_t> span_of(const Ids& ids) {
  if (ids.ndim() != 1)
    throw Error(ErrorKind::Vocabulary, "a draft is one list of numbers, not of " + std::to_string(ids.ndim()) + " dimensions");
  return {ids.data(), static_cast<size_t>(ids.size())};
}

// Numbers, or an error that names what they are: NumPy would cut 1.5 down to 1.
Ids ids_of(const py::object& numbers) {
  py::array array = py::array::ensure(numbers);
  if (array && array.size() == 0) return Ids(py::ssize_t{0});
  if (!array || (array.dtype().kind() != 'i' && array.dtype().kind() != 'u'))
    throw Error(ErrorKind::Vocabulary, "a draft is a list of whole numbers, not " + shown(numbers));
  return Ids::ensure(array);
}

py::array_t<bool> verify(Matcher& m, const py::object& token_ids, const py::object& parents, const py::object& bitmask, Row first) {
  const int64_t row = first.value;
  const Ids tokens = ids_of(token_ids), follows = parents.is_none() ? Ids(py::ssize_t{0}) : ids_of(parents);
  const std::span<const int64_t> draft = span_of(tokens);
  std::optional<std::span<const int64_t>> tree;
  if (!parents.is_none()) tree = span_of(follows);
  uint32_t* masks = nullptr;
  if (!bitmask.is_none()) {
    const MaskBuffer buffer = mask_buffer(bitmask, m.vocab().words());
    masks = buffer.row(row);
    if (buffer.rows - static_cast<size_t>(row) < draft.size() + 1)
      throw Error(ErrorKind::Mask, "the mask buffer has " + std::to_string(buffer.rows - static_cast<size_t>(row)) +
                                       " rows from row " + std::to_string(row) + " on; a draft of " +
                                       std::to_string(draft.size()) + " tokens needs " + std::to_string(draft.size() + 1));
  }
  py::array_t<bool> allowed(static_cast<py::ssize_t>(draft.size()));
  bool* out = allowed.mutable_data();
  const WithoutGil without_gil;
  m.verify(draft, tree, out, masks);
  return allowed;
}

// For loops that are compiled elsewhere and cannot catch: 1 allowed, 0 refused, -1 an error, which allows() will throw.
int32_t allows_at(void* matcher, int64_t token) noexcept {
  try {
    Matcher& m = *static_cast<Matcher*>(matcher);
    return m.allows(token_id(Token{token}, m)) ? 1 : 0;
  } catch (...) {
    return -1;
  }
}

}  // namespace

void register_matcher(py::module_& m) {
  py::class_<Matcher>(m, "Matcher")
      .def(py::init([](Compiled& compiled, std::optional<uint32_t> max_tokens) {
             const WithoutGil without_gil;
             return Matcher(compiled, max_tokens.value_or(kNoBudget));
           }),
           py::arg("compiled"), py::arg("max_tokens") = py::none())
      .def("fill_bitmask", &fill, py::arg("bitmask"), py::arg("row") = 0,
           "Write the mask of the next token into a row; False: every token is allowed.")
      .def("allowed_tokens", &allowed_tokens, "The ids that may come next, int32, ascending.")
      .def("allows", [](Matcher& self, Token token) { return self.allows(token_id(token, self)); }, py::arg("token_id"))
      .def("advance", [](Matcher& self, Token token) { return self.advance(token_id(token, self)); }, py::arg("token_id"),
           "Read a token; False: it is refused and nothing changed.")
      .def("validate",
           [](Matcher& self, const py::object& token_ids) {
             const Ids ids = ids_of(token_ids);
             const WithoutGil without_gil;
             return self.validate({ids.data(), static_cast<size_t>(ids.size())});
           },
           py::arg("token_ids"), "How many of the tokens would be accepted in turn; the state is unchanged.")
      .def("verify", &verify, py::arg("token_ids"), py::arg("parents") = py::none(), py::kw_only(),
           py::arg("bitmask") = py::none(), py::arg("row") = 0,
           "Which tokens of a draft, a chain or a tree, are allowed; the state is unchanged.")
      .def("rollback", [](Matcher& self, Token count) {
             const int64_t n = count.value;
             if (n < 0) throw Error(ErrorKind::Vocabulary, "cannot roll back a negative number of tokens");
             self.rollback(static_cast<uint32_t>(std::min<int64_t>(n, UINT32_MAX)));
           }, py::arg("n"), "Forget the last n tokens.")
      .def("fork", [](const Matcher& self) { return Matcher(self); }, "An independent copy at the same place.")
      .def("__copy__", [](const Matcher& self) { return Matcher(self); })
      .def("reset", &Matcher::reset, "Go back to the start.")
      .def_property_readonly("is_accepting", &Matcher::is_accepting, "May the text end here?")
      .def_property_readonly("is_finished", &Matcher::is_finished, "Has an end token been read?")
      .def_property_readonly("tokens_read", &Matcher::tokens_read)
      .def_property_readonly("max_tokens", [](const Matcher& self) -> std::optional<uint32_t> {
        if (self.max_tokens() == kNoBudget) return std::nullopt;
        return self.max_tokens();
      })
      .def_property_readonly("state", [](const Matcher& self) { return static_cast<uint32_t>(self.state()); },
                             "The id of the automaton's state: equal ids have equal futures.")
      .def_property_readonly("address", [](const Matcher& self) { return reinterpret_cast<uintptr_t>(&self); },
                             "Where the matcher lies in memory, for the function at ALLOWS_ADDRESS.")
      .def("tokens_to_finish", [](Matcher& self) {
             const WithoutGil without_gil;
             return self.tokens_to_finish();
           }, "Tokens that surely suffice from here to an accepted text.")
      .def("finishing_tokens", &finishing_tokens,
           "The ids after which fewer tokens suffice than here, int32, ascending; none where the text may end.")
      .def("forced_bytes", [](Matcher& self) {
             std::string bytes;
             {
               const WithoutGil without_gil;
               bytes = self.forced_bytes();
             }
             return py::bytes(bytes);
           }, "The bytes that must come next, whatever the model wants.")
      .def("forced_tokens", [](py::object self, py::object tokenize) {
             return py::module_::import("decodex.matching.forced").attr("forced_tokens")(self, tokenize);
           }, py::arg("tokenize") = py::none(), "Tokens that may be appended without asking the model.")
      .def("last_bytes", [](const Matcher& self, Token tokens) {
             return py::bytes(self.last_bytes(static_cast<size_t>(std::max<int64_t>(tokens.value, 0))));
           },
           py::arg("tokens"), "The bytes that the last tokens added to the text.")
      .def("crossings", [](Matcher& self, py::bytes text) {
             std::string_view bytes(text);
             const WithoutGil without_gil;
             return self.crossings(bytes);
           }, py::arg("text"), "Where in `text`, read from here, a token may begin that goes on behind its end.")
      .def("spelling", [](const Matcher& self, const py::object& token_ids, size_t bytes) -> std::optional<size_t> {
             const Ids ids = ids_of(token_ids);
             size_t count = self.spelling({ids.data(), static_cast<size_t>(ids.size())}, bytes);
             if (count == SIZE_MAX) return std::nullopt;
             return count;
           }, py::arg("token_ids"), py::arg("length"), "How many of the tokens at the end spell the last bytes of them.")
      .def("explain", [](py::object self, Token token) {
             Matcher& m = self.cast<Matcher&>();
             uint32_t id = token_id(token, m);
             std::string_view text = m.at_start() ? m.vocab().start_token(id) : m.vocab().token(id);
             py::object parts = py::none();
             if (m.origin()) parts = py::reinterpret_borrow<py::object>(static_cast<PyObject*>(m.origin()));
             return py::module_::import("decodex.matching.check")
                 .attr("explain")(self, parts, py::bytes(text.data(), text.size()), m.allows(id), m.vocab().has_text(id),
                                  m.vocab().is_eos(id));
           }, py::arg("token_id"), "Why a token is allowed or refused here.")
      .def("bytes_after", [](Matcher& self, py::bytes text) {
             ByteSet set = self.next_bytes(std::string_view(text));
             std::string bytes;
             for (int b = 0; b < 256; ++b)
               if (set.has(static_cast<uint8_t>(b))) bytes.push_back(static_cast<char>(b));
             return py::bytes(bytes);
           }, py::arg("text") = py::bytes(), "The bytes that may come after `text` read from here, ascending.")
      .def("read_bytes", [](Matcher& self, py::bytes text) {
             bool accepted = false;
             size_t read = self.check(std::string_view(text), accepted);
             return std::pair<size_t, bool>(read, accepted);
           }, py::arg("text"), "(how many of the bytes can be read from here, whether the text may end after them).");

  m.attr("ALLOWS_ADDRESS") = reinterpret_cast<uintptr_t>(&allows_at);
  m.def("fill_bitmasks", &fill_many, py::arg("matchers"), py::arg("bitmask"), py::arg("threads") = py::none());
  m.def("first_with_same_mask", [](const py::object& list) {
    const std::vector<Matcher*> matchers = matchers_of(list);
    check_all(matchers);
    return first_with_same_mask(matchers);
  }, py::arg("matchers"), "For each matcher the first one of the list whose mask surely is the same.");
}

}  // namespace decodex::bindings
