// ParseDvcFile and CheckDvc, on a .dvc file of any text.

#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "data/dvc.h"
#include "tests/fuzz/fuzz_target.h"

namespace baton {
namespace {

constexpr char kDvcFile[] = "/data/table.csv.dvc";

}  // namespace

void TestInput(absl::string_view text) {
  const absl::StatusOr<DvcFile> dvc = ParseDvcFile(text, kDvcFile, "table.csv");
  if (!dvc.ok()) return RequireGoodError(dvc.status(), kDvcFile);
  NoteAccepted();
  Require(dvc->text == text, "the text is kept to the letter");
  Require(dvc->path == "table.csv", "what it tracks is what was asked for");
  // It goes into the record, which is UTF-8.
  for (const auto& field : {dvc->md5, dvc->hash, dvc->remote, dvc->desc}) {
    Require(!field.has_value() || IsUtf8(*field), "texts are UTF-8");
  }
  const absl::Status checked = CheckDvc(*dvc, "a,b\r\n1,2\r\n", "/data/table.csv");
  if (!checked.ok()) RequireGoodError(checked, "/data/table.csv");
}

std::vector<std::string> Seeds() {
  // As DVC 3 writes them, and DVC 2.
  return {"outs:\n- md5: 22a1a2931c8370d3aeedd7183606fd7f\n  size: 14445\n  hash: md5\n  path: table.csv\n",
          "wdir: ..\ndeps:\n- path: x\nouts:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  size: 0\n  path: table.csv\n"
          "  remote: \"s3\"\n  desc: 'the table'\n  labels: [a, b]\n  cache: false\nmeta:\n  anything: {at: all}\n",
          "{outs: [{path: other.csv}, {path: table.csv, nfiles: 1}]}"};
}

}  // namespace baton
