#pragma once
// What the JSON of every result is made of.

#include <nlohmann/json.hpp>
#include <string>

#include "brink/base/estimate.hpp"
#include "brink/model/model_source.hpp"
#include "brink/sampling/epoch.hpp"
#include "brink/verification/verification.hpp"

namespace brink::json_parts {

using Json = nlohmann::ordered_json;

/// Sets `key` to null and says why in the object that holds it; several reasons are joined.
void put_null(Json& object, const char* key, const std::string& status, const std::string& reason);

/// Sets `key` to the number, or to null with status and reason where it is not finite.
void put_number(Json& object, const char* key, double value);

/// "residual" or "standard error".
[[nodiscard]] const char* error_kind_name(ErrorKind kind);

/// The object "model" of a result.
[[nodiscard]] Json model_json(const LoadedModel& loaded);

/// rule, momentum, sampling, batch.
void put_cell(Json& json, const Cell& cell);

/// The hyper-parameters that a row needs besides rule, momentum, sampling and batch.
void put_other_parameters(Json& json, const Cell& cell);

/// How an epoch is cut.
void put_epoch(Json& json, const Epoch& epoch);

/// Text that is not UTF-8 (a file name, say) is written with replacement characters instead of failing the report.
[[nodiscard]] std::string written(const Json& json);

}  // namespace brink::json_parts
