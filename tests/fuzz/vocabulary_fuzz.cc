// Vocabulary::FromJson on any text.

#include <optional>

#include "data/vocabulary.h"
#include "tests/fuzz/fuzz_target.h"

namespace baton {
namespace {

constexpr char kFile[] = "/load/vocabulary.json";

}  // namespace

void TestInput(absl::string_view text) {
  const absl::StatusOr<Vocabulary> vocabulary = Vocabulary::FromJson(text, kFile);
  if (!vocabulary.ok()) return RequireGoodError(vocabulary.status(), kFile);
  NoteAccepted();
  const std::string written = vocabulary->ToJson();
  const absl::StatusOr<Vocabulary> again = Vocabulary::FromJson(written, kFile);
  Require(again.ok() && again->labels() == vocabulary->labels(), "what is written is read again");
  Require(again->ToJson() == written, "the same labels give the same bytes");
  for (int64_t id = 0; id < vocabulary->size(); ++id) {
    const std::optional<int64_t> found = vocabulary->Id(vocabulary->labels()[id]);
    Require(found == id, "a label has its id");
  }
}

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const std::vector<std::string>& labels : std::vector<std::vector<std::string>>{
           {}, {"left", "right"}, {"", "\n", "\"", "\\u", "a b", "\xc3\xa4", "\xf0\x9f\x98\x80"}}) {
    seeds.push_back(Vocabulary::Create(labels)->ToJson());
  }
  return seeds;
}

}  // namespace baton
