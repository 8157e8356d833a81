#include "schema/uri.h"

#include <cctype>

namespace decodex {

namespace {

struct Parts {
  std::string_view scheme, authority, path, query;
  bool has_authority = false, has_query = false;
};

Parts split(std::string_view uri) {
  Parts out;
  uri = uri.substr(0, uri.find('#'));
  size_t colon = uri.find_first_of(":/?");
  if (colon != std::string_view::npos && uri[colon] == ':' && colon > 0 &&
      std::isalpha(static_cast<unsigned char>(uri[0]))) {
    out.scheme = uri.substr(0, colon);
    uri.remove_prefix(colon + 1);
  }
  if (uri.starts_with("//")) {
    out.has_authority = true;
    size_t end = uri.find_first_of("/?", 2);
    out.authority = uri.substr(2, end == std::string_view::npos ? end : end - 2);
    uri = end == std::string_view::npos ? std::string_view() : uri.substr(end);
  }
  size_t question = uri.find('?');
  if (question != std::string_view::npos) {
    out.has_query = true;
    out.query = uri.substr(question + 1);
  }
  out.path = uri.substr(0, question);
  return out;
}

std::string join(const Parts& p, std::string_view path) {
  std::string out;
  if (!p.scheme.empty()) out.append(p.scheme).append(":");
  if (p.has_authority) out.append("//").append(p.authority);
  out += path;
  if (p.has_query) out.append("?").append(p.query);
  return out;
}

std::string remove_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  bool absolute = path.starts_with('/'), directory = false;
  size_t at = absolute ? 1 : 0;
  while (true) {
    size_t slash = path.find('/', at);
    std::string_view piece = path.substr(at, slash == std::string_view::npos ? slash : slash - at);
    bool last = slash == std::string_view::npos;
    if (piece == "..") {
      if (!kept.empty()) kept.pop_back();
      directory = last;
    } else if (piece == ".") {
      directory = last;
    } else {
      kept.push_back(piece);
    }
    if (last) break;
    at = slash + 1;
  }
  std::string out = absolute ? "/" : "";
  for (size_t i = 0; i < kept.size(); ++i) out.append(i > 0 ? "/" : "").append(kept[i]);
  if (directory && !kept.empty()) out += "/";
  return out;
}

}  // namespace

std::string resolve_uri(std::string_view base, std::string_view reference) {
  Parts r = split(reference);
  if (!r.scheme.empty())
    return join(r, r.has_authority || r.path.starts_with('/') ? remove_dots(r.path) : std::string(r.path));
  Parts b = split(base);
  r.scheme = b.scheme;
  if (r.has_authority) return join(r, remove_dots(r.path));
  r.authority = b.authority;
  r.has_authority = b.has_authority;
  if (r.path.empty()) {
    if (!r.has_query) {
      r.query = b.query;
      r.has_query = b.has_query;
    }
    return join(r, b.path);
  }
  if (r.path.starts_with('/')) return join(r, remove_dots(r.path));
  std::string merged;
  if (b.has_authority && b.path.empty())
    merged = "/";
  else if (size_t slash = b.path.rfind('/'); slash != std::string_view::npos)
    merged = b.path.substr(0, slash + 1);
  merged += r.path;
  return join(r, remove_dots(merged));
}

std::string uri_fragment(std::string_view reference) {
  size_t hash = reference.find('#');
  if (hash == std::string_view::npos) return "";
  std::string out;
  auto hex = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  for (size_t i = hash + 1; i < reference.size(); ++i) {
    if (reference[i] == '%' && i + 2 < reference.size() && hex(reference[i + 1]) >= 0 && hex(reference[i + 2]) >= 0) {
      out.push_back(static_cast<char>(hex(reference[i + 1]) * 16 + hex(reference[i + 2])));
      i += 2;
    } else {
      out.push_back(reference[i]);
    }
  }
  return out;
}

std::vector<std::string> pointer_steps(std::string_view pointer) {
  std::vector<std::string> out;
  for (size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      out.emplace_back();
      continue;
    }
    if (out.empty()) out.emplace_back();
    if (pointer[i] == '~' && i + 1 < pointer.size() && (pointer[i + 1] == '0' || pointer[i + 1] == '1')) {
      out.back().push_back(pointer[++i] == '0' ? '~' : '/');
    } else {
      out.back().push_back(pointer[i]);
    }
  }
  return out;
}

}  // namespace decodex
