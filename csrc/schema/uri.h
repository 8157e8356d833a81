// References between schemas: resolving a URI reference against a base (RFC 3986, section 5.2), and JSON Pointers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace decodex {

// `reference` against `base`; without its fragment.
std::string resolve_uri(std::string_view base, std::string_view reference);
// The part after '#', percent-decoded; "" where there is none.
std::string uri_fragment(std::string_view reference);
// The steps of a JSON Pointer, unescaped.
std::vector<std::string> pointer_steps(std::string_view pointer);

}  // namespace decodex
