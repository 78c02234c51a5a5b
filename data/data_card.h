#ifndef BATON_DATA_DATA_CARD_H_
#define BATON_DATA_DATA_CARD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "data/tabular_dataset.h"

namespace baton {

// The page for people beside a dataset, in Markdown: where it came from, how many rows of which class are in which
// split, and what the columns look like. Holds no path and no time: the same input gives the same page.
struct DataCardSource {
  std::string raw_sha256;
  uint64_t raw_size_bytes = 0;
  uint64_t seed = 0;
};
std::string MakeDataCard(const DataCardSource& source, const TabularDataset& dataset,
                         const std::vector<std::string>& labels);

}  // namespace baton

#endif  // BATON_DATA_DATA_CARD_H_
