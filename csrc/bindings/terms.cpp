#include "bindings/bindings.h"
#include "grammar/terminal.h"
#include "term/term.h"

namespace decodex::bindings {

namespace {

PatternOptions pattern_options(const std::string& dialect, const std::string& flags, bool search) {
  PatternOptions options;
  options.dialect = dialect == "ecma" ? Dialect::Ecma : Dialect::Python;
  options.search = search;
  options.flags.ignore_case = flags.find('i') != std::string::npos;
  options.flags.multiline = flags.find('m') != std::string::npos;
  options.flags.dot_all = flags.find('s') != std::string::npos;
  options.flags.verbose = flags.find('x') != std::string::npos;
  options.flags.ascii = flags.find('a') != std::string::npos;
  return options;
}

// Ids that Python hands back.
template <class Id>
Id checked(uint32_t id, size_t count) {
  if (id >= count) throw py::index_error("the grammar has no such part");
  return Id{id};
}

std::vector<BodyId> checked_bodies(const GrammarTerms& g, const std::vector<uint32_t>& ids) {
  std::vector<BodyId> out;
  for (uint32_t id : ids) out.push_back(checked<BodyId>(id, g.rules.body_count()));
  return out;
}

ExprId judge(ExprPool& pool, const std::string& pattern, const std::string& text, const std::string& dialect,
             const std::string& flags, bool search) {
  ExprId e;
  {
    std::lock_guard lock(pool.mutex());
    e = pool.lexeme(compile_pattern(pool, pattern, pattern_options(dialect, flags, search), Utf8Alphabet()));
    if (!pool.live(e)) e = kEmpty;
  }
  return pool.run(e, text);
}

}  // namespace

void register_terms(py::module_& m) {
  py::class_<SchemaOptions> options(m, "SchemaOptions");
  options.def(py::init<>())
      .def_readwrite("order", &SchemaOptions::order)
      .def_readwrite("white_space", &SchemaOptions::white_space)
      .def_readwrite("indent", &SchemaOptions::indent)
      .def_readwrite("whitespace_pattern", &SchemaOptions::whitespace_pattern)
      .def_readwrite("escapes_any", &SchemaOptions::escapes_any)
      .def_readwrite("formats_assert", &SchemaOptions::formats_assert)
      .def_readwrite("unsupported_ignore", &SchemaOptions::unsupported_ignore)
      .def_readwrite("draft", &SchemaOptions::draft)
      .def_readwrite("additional_properties_default", &SchemaOptions::additional_properties_default)
      .def_readwrite("numbers_plain", &SchemaOptions::numbers_plain)
      .def_readwrite("max_digits", &SchemaOptions::max_digits)
      .def_readwrite("registry", &SchemaOptions::registry);
  py::enum_<SchemaOptions::Order>(options, "Order")
      .value("schema", SchemaOptions::Order::Schema)
      .value("any", SchemaOptions::Order::Any);
  py::enum_<SchemaOptions::WhiteSpace>(options, "WhiteSpace")
      .value("flexible", SchemaOptions::WhiteSpace::Flexible)
      .value("compact", SchemaOptions::WhiteSpace::Compact)
      .value("pretty", SchemaOptions::WhiteSpace::Pretty)
      .value("any", SchemaOptions::WhiteSpace::Any)
      .value("pattern", SchemaOptions::WhiteSpace::Pattern);

  py::class_<GrammarTerms>(m, "Grammar")
      .def(py::init<>())
      .def("leaf", [](GrammarTerms& g, std::shared_ptr<Term> term, std::string name) {
        g.leaves.push_back({std::move(term), std::move(name)});
        return Grammar::index(g.rules.leaf(LeafId{static_cast<uint32_t>(g.leaves.size() - 1)}));
      })
      .def("add_rule", [](GrammarTerms& g, std::string name, std::string place) {
        return Grammar::index(g.rules.add_rule(std::move(name), std::move(place)));
      })
      .def("set_body", [](GrammarTerms& g, uint32_t rule, uint32_t body) {
        g.rules.set_body(checked<RuleId>(rule, g.rules.rule_count()), checked<BodyId>(body, g.rules.body_count()));
      })
      .def("rule", [](GrammarTerms& g, uint32_t rule) {
        return Grammar::index(g.rules.rule(checked<RuleId>(rule, g.rules.rule_count())));
      })
      .def("concat", [](GrammarTerms& g, const std::vector<uint32_t>& parts) {
        return Grammar::index(g.rules.concat(checked_bodies(g, parts)));
      })
      .def("alt", [](GrammarTerms& g, const std::vector<uint32_t>& arms) {
        return Grammar::index(g.rules.alt(checked_bodies(g, arms)));
      })
      .def("repeat", [](GrammarTerms& g, uint32_t body, uint32_t min, std::optional<uint32_t> max) {
        return Grammar::index(g.rules.repeat(checked<BodyId>(body, g.rules.body_count()), min, max.value_or(kUnbounded)));
      });

  py::class_<Term, std::shared_ptr<Term>>(m, "Term")
      .def_static("literal", [](std::string s) { return std::const_pointer_cast<Term>(terms::literal(std::move(s))); })
      .def_static("words", [](std::vector<std::string> w) { return std::const_pointer_cast<Term>(terms::words(std::move(w))); })
      .def_static(
          "regex",
          [](std::string pattern, const std::string& dialect, const std::string& flags, bool search) {
            return std::const_pointer_cast<Term>(terms::regex(std::move(pattern), pattern_options(dialect, flags, search)));
          },
          py::arg("pattern"), py::arg("dialect") = "python", py::arg("flags") = "", py::arg("search") = false)
      .def_static(
          "json_schema",
          [](std::string s, SchemaOptions o, const std::vector<std::pair<std::string, std::shared_ptr<Term>>>& where) {
            return std::const_pointer_cast<Term>(terms::json_schema(std::move(s), std::move(o), {where.begin(), where.end()}));
          },
          py::arg("schema"), py::arg("options"), py::arg("where") = py::list())
      .def_static("json_value", [](SchemaOptions o) { return std::const_pointer_cast<Term>(terms::json_value(std::move(o))); })
      .def_static("format", [](std::string name) { return std::const_pointer_cast<Term>(terms::format(std::move(name))); })
      .def_static("text", [](std::string stop) { return std::const_pointer_cast<Term>(terms::text(std::move(stop))); })
      .def_static(
          "occurrences",
          [](std::vector<std::vector<std::string>> steps, bool whole_words, bool ignore_case) {
            return std::const_pointer_cast<Term>(terms::occurrences(std::move(steps), {whole_words, ignore_case}));
          },
          py::arg("steps"), py::arg("whole_words"), py::arg("ignore_case"))
      .def_static(
          "length",
          [](std::string unit, uint32_t min, std::optional<uint32_t> max) {
            return std::const_pointer_cast<Term>(terms::length(std::move(unit), min, max.value_or(kUnbounded)));
          },
          py::arg("unit"), py::arg("min"), py::arg("max") = py::none())
      .def_static(
          "unit_at",
          [](std::string unit, int32_t position, std::shared_ptr<Term> content) {
            return std::const_pointer_cast<Term>(terms::unit_at(std::move(unit), position, std::move(content)));
          },
          py::arg("unit"), py::arg("position"), py::arg("content"))
      .def_static(
          "until_trigger",
          [](std::vector<std::string> triggers, uint32_t index) {
            return std::const_pointer_cast<Term>(terms::until_trigger(std::move(triggers), index));
          },
          py::arg("triggers"), py::arg("index"))
      .def_static(
          "without_triggers",
          [](std::vector<std::string> triggers) { return std::const_pointer_cast<Term>(terms::without_triggers(std::move(triggers))); },
          py::arg("triggers"))
      .def_static(
          "substrings",
          [](std::string source, bool whole_words) { return std::const_pointer_cast<Term>(terms::substrings(std::move(source), whole_words)); },
          py::arg("source"), py::arg("whole_words"))
      .def_static(
          "numbered",
          [](std::shared_ptr<Term> item, std::string before, std::string behind, std::string separator, uint32_t first, uint32_t min, uint32_t max) {
            return std::const_pointer_cast<Term>(
                terms::numbered(std::move(item), {std::move(before), std::move(behind), std::move(separator), first}, min, max));
          },
          py::arg("item"), py::arg("before"), py::arg("behind"), py::arg("separator"), py::arg("first"), py::arg("min"), py::arg("max"))
      .def("accepted_prefixes", [](const Term& term, py::bytes text) { return accepted_prefixes(term, std::string_view(text)); },
           py::arg("text"))
      .def_static("concat", [](std::vector<std::shared_ptr<Term>> p) { return std::const_pointer_cast<Term>(terms::concat({p.begin(), p.end()})); })
      .def_static("alt", [](std::vector<std::shared_ptr<Term>> p) { return std::const_pointer_cast<Term>(terms::alt({p.begin(), p.end()})); })
      .def_static("conj", [](std::vector<std::shared_ptr<Term>> p) { return std::const_pointer_cast<Term>(terms::conj({p.begin(), p.end()})); })
      .def_static("complement", [](std::shared_ptr<Term> t) { return std::const_pointer_cast<Term>(terms::complement(std::move(t))); })
      .def_static(
          "repeat",
          [](std::shared_ptr<Term> t, uint32_t min, std::optional<uint32_t> max) {
            return std::const_pointer_cast<Term>(terms::repeat(std::move(t), min, max.value_or(kUnbounded)));
          },
          py::arg("term"), py::arg("min"), py::arg("max") = py::none())
      .def_static("terminal", [](std::string pattern, const std::string& flags) {
        return std::const_pointer_cast<Term>(terms::terminal(std::move(pattern), pattern_options("python", flags, false)));
      }, py::arg("pattern"), py::arg("flags") = "")
      .def_static("grammar", [](const GrammarTerms& g, uint32_t start) {
        return std::const_pointer_cast<Term>(terms::grammar(g, checked<RuleId>(start, g.rules.rule_count())));
      });

  m.def("check_terminal", [](const std::string& pattern, const std::string& flags, bool part) {
    check_terminal(pattern, pattern_options("python", flags, false), part);
  }, py::arg("pattern"), py::arg("flags") = "", py::arg("part") = false);

  // For tests: the pattern language without any vocabulary.
  m.def(
      "pattern_matches",
      [](const std::string& pattern, py::bytes text, const std::string& dialect, const std::string& flags, bool search) {
        ExprPool pool;
        ExprId end = judge(pool, pattern, text, dialect, flags, search);
        return end != kEmpty && pool.accepting(end);
      },
      py::arg("pattern"), py::arg("text"), py::arg("dialect") = "python", py::arg("flags") = "", py::arg("search") = false);
  m.def(
      "pattern_prefix_live",
      [](const std::string& pattern, py::bytes text, const std::string& dialect, const std::string& flags, bool search) {
        ExprPool pool;
        return judge(pool, pattern, text, dialect, flags, search) != kEmpty;
      },
      py::arg("pattern"), py::arg("text"), py::arg("dialect") = "python", py::arg("flags") = "", py::arg("search") = false);
}

}  // namespace decodex::bindings
