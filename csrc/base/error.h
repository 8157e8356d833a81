// The one exception type of the core. `kind` chooses the Python class in the bindings; `location` is a JSON Pointer,
// a column or a token, whichever the message speaks about.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace decodex {

enum class ErrorKind { Constraint, Unsupported, Unsatisfiable, Budget, Limit, Vocabulary, Artefact, Mask };

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message, std::string location = "")
      : std::runtime_error(message), kind(kind), location(std::move(location)) {}

  ErrorKind kind;
  std::string location;
};

}  // namespace decodex
