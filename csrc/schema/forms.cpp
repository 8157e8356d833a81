#include "schema/forms.h"

#include <algorithm>

namespace decodex {

namespace {

template <class T>
std::vector<T> sorted_union(const std::vector<T>& a, const std::vector<T>& b) {
  std::vector<T> out;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

template <class T>
void append_new(std::vector<T>& out, const std::vector<T>& more) {
  for (const T& x : more)
    if (std::find(out.begin(), out.end(), x) == out.end()) out.push_back(x);
}

// As append_new, for lists that may be long.
void append_new_ids(std::vector<StringId>& out, const std::vector<StringId>& more) {
  if (out.size() * more.size() <= 256) return append_new(out, more);
  std::vector<StringId> sorted(out);
  std::sort(sorted.begin(), sorted.end());
  for (StringId x : more)
    if (!std::binary_search(sorted.begin(), sorted.end(), x)) out.push_back(x);
}

}  // namespace

Forms Forms::of_types(uint8_t types) {
  Forms out;
  out.null = types & kNull;
  out.booleans = types & kBoolean ? kFalseBit | kTrueBit : 0;
  if (types & kNumber) {
    NumberSet set;
    set.integer = (types & kNumber) == kInteger;
    set.not_integer = (types & kNumber) == kFraction;
    out.numbers.push_back(std::move(set));
  }
  if (types & kString) out.strings.emplace_back();
  if (types & kArray) out.arrays.emplace_back();
  if (types & kObject) out.objects.emplace_back();
  return out;
}

std::optional<NumberSet> conj_numbers(const NumberSet& a, const NumberSet& b) {
  NumberSet out = intersect(a, b);
  if (is_empty(out)) return std::nullopt;
  return out;
}

std::optional<StringForm> conj_strings(const StringForm& a, const StringForm& b) {
  StringForm out;
  out.min = std::max(a.min, b.min);
  out.max = std::min(a.max, b.max);
  if (out.min > out.max) return std::nullopt;
  out.parts = sorted_union(a.parts, b.parts);
  for (size_t i = 1; i < out.parts.size(); ++i)
    if ((out.parts[i].code ^ 1) == out.parts[i - 1].code) return std::nullopt;
  out.excluded = sorted_union(a.excluded, b.excluded);
  if (a.words || b.words) {
    std::vector<StringId> words;
    if (!b.words)
      words = *a.words;
    else if (!a.words)
      words = *b.words;
    else
      std::set_intersection(a.words->begin(), a.words->end(), b.words->begin(), b.words->end(),
                            std::back_inserter(words));
    if (!out.excluded.empty()) {
      std::vector<StringId> kept;
      std::set_difference(words.begin(), words.end(), out.excluded.begin(), out.excluded.end(),
                          std::back_inserter(kept));
      words.swap(kept);
      out.excluded.clear();
    }
    if (words.empty()) return std::nullopt;
    out.words = std::move(words);
  }
  return out;
}

std::optional<ArrayForm> conj_arrays(Goals& goals, const ArrayForm& a, const ArrayForm& b) {
  ArrayForm out;
  out.min = std::max(a.min, b.min);
  out.max = std::min(a.max, b.max);
  size_t prefix = std::max(a.prefix.size(), b.prefix.size());
  for (size_t i = 0; i < prefix; ++i) {
    out.prefix.push_back(goals.conj(a.item(i), b.item(i)));
    if (out.prefix.back() == kNever) out.max = std::min(out.max, static_cast<uint32_t>(i));
  }
  out.rest = goals.conj(a.rest, b.rest);
  if (out.rest == kNever) out.max = std::min(out.max, static_cast<uint32_t>(prefix));
  if (out.max < prefix) {
    out.prefix.resize(out.max);
    out.rest = kNever;
  }
  if (out.min > out.max) return std::nullopt;
  out.unique = a.unique || b.unique;
  out.repeated = a.repeated || b.repeated;
  if (out.unique && out.repeated) return std::nullopt;
  out.contains = sorted_union(a.contains, b.contains);
  out.seen = std::max(a.seen, b.seen);
  out.seen_goals = sorted_union(a.seen_goals, b.seen_goals);
  return out;
}

ObjectForm conj_objects(const ObjectForm& a, const ObjectForm& b) {
  ObjectForm out = a;
  append_new(out.components, b.components);
  append_new_ids(out.required, b.required);
  append_new(out.key_goals, b.key_goals);
  append_new(out.clauses, b.clauses);
  out.min = std::max(a.min, b.min);
  out.max = std::min(a.max, b.max);
  append_new(out.seen, b.seen);
  return out;
}

namespace {

void unite_strings(std::vector<StringForm>& a, std::vector<StringForm>&& b) {
  for (StringForm& form : b) {
    if (form.only_words()) {
      auto it = std::find_if(a.begin(), a.end(), [](const StringForm& f) { return f.only_words(); });
      if (it != a.end()) {
        it->words = sorted_union(*it->words, *form.words);
        continue;
      }
    }
    if (std::find(a.begin(), a.end(), form) == a.end()) a.push_back(std::move(form));
  }
  auto open = std::find_if(a.begin(), a.end(), [](const StringForm& f) { return f.open(); });
  if (open != a.end() && a.size() > 1) a.assign(1, StringForm{});
}

template <class Form>
void unite_forms(std::vector<Form>& a, std::vector<Form>&& b) {
  for (Form& form : b)
    if (std::find(a.begin(), a.end(), form) == a.end()) a.push_back(std::move(form));
}

}  // namespace

void unite(Forms& a, Forms&& b) {
  a.null |= b.null;
  a.booleans |= b.booleans;
  unite_forms(a.numbers, std::move(b.numbers));
  unite_strings(a.strings, std::move(b.strings));
  unite_forms(a.arrays, std::move(b.arrays));
  unite_forms(a.objects, std::move(b.objects));
}

void unite(Forms& a, ArrayForm&& b) {
  if (std::find(a.arrays.begin(), a.arrays.end(), b) == a.arrays.end()) a.arrays.push_back(std::move(b));
}

}  // namespace decodex
