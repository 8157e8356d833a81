// JSON Schema into expressions. In: the text of a schema. Out: one expression, the language of the JSON texts that the
// schema admits under the options.
//
// The whole document is read and checked at once; expressions are made only for what generation reaches: a value is an
// expression over its forms, and the inside of an object or array is a lazily expanded rule whose key is a place in a
// plan (plans.h). So recursion needs nothing special, a thousand optional properties are as cheap as the next key, and
// equal forms share their states.
// Cost of the first expression: reading, plus the forms that the shortest text of the root needs.
// Refused: what api.md of the design lists, with a JSON Pointer; a schema that nothing satisfies is
// Error(Unsatisfiable), naming the deepest place found empty.
#pragma once

#include <string_view>

#include "expr/pool.h"
#include "schema/options.h"

namespace decodex {

// The lock of the pool must be held; the source of the rules is added to the pool.
SchemaResult compile_schema(ExprPool& pool, std::string_view schema_json, const SchemaOptions& options);
// Any JSON value: the schema `true`.
SchemaResult compile_json_value(ExprPool& pool, const SchemaOptions& options);

}  // namespace decodex
