// Structures of flat arrays as dictionaries of NumPy arrays, by the names that `each_array(structure, visit)` gives.
#pragma once

#include <pybind11/numpy.h>

#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "base/error.h"
#include "bindings/bindings.h"
#include "mask/saved_states.h"
#include "mask/saved_tables.h"

namespace decodex::bindings {

template <class States, class Visit>
  requires std::is_same_v<std::remove_const_t<States>, SavedStates>
void each_array(States& s, Visit visit) {
  visit("states", s.states);
  visit("edges", s.edges);
  visit("masks", s.masks);
  visit("rows", s.rows);
  visit("mask_ids", s.mask_ids);
  visit("row_ids", s.row_ids);
  visit("class_runs", s.class_runs);
  visit("class_runs_end", s.class_runs_end);
  visit("start_mask", s.start_mask);
}

template <class Arrays, class Visit>
  requires std::is_same_v<std::remove_const_t<Arrays>, SavedTables::Arrays>
void each_array(Arrays& a, Visit visit) {
  visit("hash", a.hash);
  visit("row", a.row);
  visit("ids_end", a.ids_end);
  visit("remainders_end", a.remainders_end);
  visit("exits_end", a.exits_end);
  visit("denied_end", a.denied_end);
  visit("growth", a.growth);
  visit("flags", a.flags);
  visit("rows", a.rows);
  visit("ids", a.ids);
  visit("exits", a.exits);
  visit("denied", a.denied);
  visit("remainder_id", a.remainder_id);
  visit("remainder_length", a.remainder_length);
}

// A structure of numbers counts as so many of them, one after the other.
template <class T>
using NumberOf = std::conditional_t<std::is_class_v<T>, uint32_t, T>;

// Throws Error(Artefact) for an array that is missing, of another type, or not of whole structures.
template <class Structure>
Structure from_arrays(const py::dict& arrays) {
  Structure out;
  each_array(out, [&]<class T>(const char* name, std::vector<T>& to) {
    using Array = py::array_t<NumberOf<T>, py::array::c_style>;
    const py::handle found = PyDict_GetItemString(arrays.ptr(), name);
    if (!found || !py::isinstance<Array>(found) || py::reinterpret_borrow<py::array>(found).nbytes() % static_cast<py::ssize_t>(sizeof(T)) != 0)
      throw Error(ErrorKind::Artefact, std::string("it has no array '") + name + "' of the right type; make it again with save()");
    const auto array = py::reinterpret_borrow<py::array>(found);
    to.resize(static_cast<size_t>(array.nbytes()) / sizeof(T));
    if (!to.empty()) std::memcpy(to.data(), array.data(), to.size() * sizeof(T));
  });
  return out;
}

template <class Structure>
py::dict to_arrays(const Structure& structure) {
  py::dict out;
  each_array(structure, [&]<class T>(const char* name, const std::vector<T>& from) {
    out[name] = py::array_t<NumberOf<T>>(static_cast<py::ssize_t>(from.size() * sizeof(T) / sizeof(NumberOf<T>)),
                                         reinterpret_cast<const NumberOf<T>*>(from.data()));
  });
  return out;
}

}  // namespace decodex::bindings
