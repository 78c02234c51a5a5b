#include "pipeline/reproduce/report.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/human.h"
#include "nlohmann/json.hpp"

namespace baton {
namespace {

using Json = nlohmann::ordered_json;
using Row = std::vector<std::string>;

const char* ResultName(Product::Result result) {
  switch (result) {
    case Product::Result::kEqual:
      return "equal";
    case Product::Result::kEqualButForEnvironment:
      return "equal_but_for_environment";
    case Product::Result::kDiffers:
      return "differs";
    case Product::Result::kNotReplayed:
      return "not_replayed";
  }
  return "";
}

const char* OriginalName(Product::Original original) {
  switch (original) {
    case Product::Original::kIntact:
      return "intact";
    case Product::Original::kAltered:
      return "altered";
    case Product::Original::kAbsent:
      return "absent";
  }
  return "";
}

std::string ResultText(const Product& product) {
  std::string text;
  switch (product.result) {
    case Product::Result::kEqual:
      text = "equal";
      break;
    case Product::Result::kEqualButForEnvironment:
      text = "equal, but for the environment that it names";
      break;
    case Product::Result::kDiffers:
      text = "DIFFERS";
      break;
    case Product::Result::kNotReplayed:
      text = "not replayed";
      break;
  }
  if (product.original == Product::Original::kAltered) text += ", ALTERED since it was recorded";
  return text;
}

std::string Products(const std::vector<Product>& products) {
  std::vector<Row> rows = {{"stage", "product", "result"}};
  for (const Product& product : products) rows.push_back({product.stage, product.path, ResultText(product)});
  return AlignColumns(rows, 0, 3);
}

std::string Known(const std::string& value) { return value.empty() ? "(not known)" : value; }

std::string Deviations(const std::vector<EnvironmentDeviation>& deviations) {
  std::vector<Row> rows = {{"stage", "environment", "in the run", "in the replay"}};
  for (const EnvironmentDeviation& deviation : deviations) {
    const auto known = [](std::string* text, const std::string& value) { *text += Known(value); };
    rows.push_back(
        {deviation.stage, deviation.name, absl::StrJoin(deviation.recorded, ", ", known), Known(deviation.now)});
  }
  return AlignColumns(rows, 0, 4);
}

}  // namespace

std::string ReproductionText(const Reproduction& reproduction) {
  std::string text = absl::StrCat(Products(reproduction.products), "\n");
  size_t bad = 0;
  for (const Product& product : reproduction.products) {
    if (product.fine()) continue;
    ++bad;
    if (!product.difference.empty()) absl::StrAppend(&text, product.path, ": ", product.difference, "\n");
  }
  if (bad > 0) text += "\n";
  if (!reproduction.deviations.empty()) absl::StrAppend(&text, Deviations(reproduction.deviations), "\n");
  const size_t count = reproduction.products.size();
  absl::StrAppend(&text, bad == 0 ? absl::StrCat("REPRODUCED: all ", count, " products")
                                  : absl::StrCat("NOT REPRODUCED: ", bad, " of ", count, " products"));
  if (reproduction.kept) absl::StrAppend(&text, "; the replay is in ", reproduction.into);
  return absl::StrCat(text, "\n");
}

std::string ReproductionJson(const Reproduction& reproduction) {
  Json json = {{"reproduced", reproduction.status().ok()},
               {"run_id", reproduction.run_id},
               {"head", reproduction.head},
               {"into", reproduction.kept ? Json(reproduction.into) : Json(nullptr)},
               {"products", Json::array()},
               {"deviations", Json::array()}};
  for (const Product& product : reproduction.products) {
    Json entry = {{"stage", product.stage},
                  {"path", product.path},
                  {"result", ResultName(product.result)},
                  {"original", OriginalName(product.original)},
                  {"recorded_sha256", product.recorded_sha256},
                  {"replayed_sha256", product.replayed_sha256}};
    if (!product.difference.empty()) entry["difference"] = product.difference;
    json["products"].push_back(std::move(entry));
  }
  for (const EnvironmentDeviation& deviation : reproduction.deviations) {
    json["deviations"].push_back({{"stage", deviation.stage},
                                  {"name", deviation.name},
                                  {"recorded", deviation.recorded},
                                  {"now", deviation.now}});
  }
  return absl::StrCat(json.dump(2, ' ', false, Json::error_handler_t::replace), "\n");
}

}  // namespace baton
