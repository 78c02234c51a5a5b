#include "data/dvc.h"

#include <glog/logging.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "base/utf8.h"

namespace baton {
namespace {

constexpr absl::string_view kDvcEnding = ".dvc";

absl::Status Bad(absl::string_view dvc_path, const YAML::Mark& mark, absl::string_view what) {
  // yaml-cpp counts from 0, and from -1 where it does not know.
  const std::string line = mark.line >= 0 ? absl::StrCat(":", mark.line + 1) : "";
  return absl::DataLossError(absl::StrCat(dvc_path, line, ": ", what));
}

template <typename T>
std::optional<T> Get(const YAML::Node& out, const char* key) {
  const YAML::Node value = out[key];
  if (!value.IsDefined() || value.IsNull()) return std::nullopt;
  return value.as<T>();
}

// Throws what yaml-cpp throws.
absl::StatusOr<DvcFile> Parse(absl::string_view text, absl::string_view dvc_path, absl::string_view name) {
  const YAML::Node root = YAML::Load(std::string(text));
  const YAML::Node outs = root.IsMap() ? root["outs"] : YAML::Node();
  if (!outs.IsSequence() || outs.size() == 0) {
    return Bad(dvc_path, root.Mark(), "is no .dvc file, expected a list \"outs\"");
  }
  std::string tracked;
  for (const YAML::Node& out : outs) {
    if (!out.IsMap()) return Bad(dvc_path, out.Mark(), "found an element of \"outs\" that is no map");
    const std::string path = out["path"].as<std::string>("");
    if (path != name) {
      absl::StrAppend(&tracked, tracked.empty() ? "\"" : ", \"", path, "\"");
      continue;
    }
    DvcFile dvc;
    dvc.md5 = Get<std::string>(out, "md5");
    dvc.size = Get<uint64_t>(out, "size");
    dvc.hash = Get<std::string>(out, "hash");
    dvc.path = path;
    dvc.nfiles = Get<uint64_t>(out, "nfiles");
    dvc.remote = Get<std::string>(out, "remote");
    dvc.desc = Get<std::string>(out, "desc");
    dvc.text = std::string(text);
    return dvc;
  }
  return Bad(dvc_path, outs.Mark(),
             absl::StrCat("tracks ", tracked, ", expected \"", name, "\"; remove the .dvc file, or dvc add the data"));
}

bool IsText(absl::string_view bytes) {
  const absl::string_view block = bytes.substr(0, 512);
  const size_t other = std::count_if(block.begin(), block.end(), [](char c) {
    return !absl::ascii_isprint(static_cast<unsigned char>(c)) && c != '\n' && c != '\r' && c != '\t' && c != '\f' &&
           c != '\b';
  });
  return block.find('\0') == absl::string_view::npos && other * 10 <= block.size() * 3;
}

}  // namespace

absl::StatusOr<DvcFile> ParseDvcFile(absl::string_view text, absl::string_view dvc_path, absl::string_view name) {
  if (!IsUtf8(text)) return absl::DataLossError(absl::StrCat(dvc_path, ": is no .dvc file: it is not UTF-8"));
  try {
    return Parse(text, dvc_path, name);
  } catch (const YAML::Exception& error) {
    return Bad(dvc_path, error.mark, error.msg);
  }
}

absl::StatusOr<std::optional<DvcFile>> ReadDvcFile(FileSystem& fs, const std::string& raw_filepath) {
  const std::string dvc_path = absl::StrCat(raw_filepath, kDvcEnding);
  absl::StatusOr<std::string> text = ReadFile(fs, dvc_path);
  if (absl::IsNotFound(text.status())) return std::optional<DvcFile>();
  RETURN_IF_ERROR(text.status());
  ASSIGN_OR_RETURN(DvcFile dvc, ParseDvcFile(*text, dvc_path, BaseName(raw_filepath)));
  return std::optional<DvcFile>(std::move(dvc));
}

absl::Status CheckDvc(const DvcFile& dvc, absl::string_view bytes, absl::string_view raw_filepath) {
  const auto differs = [&](absl::string_view what, absl::string_view found, absl::string_view expected) {
    return absl::DataLossError(absl::StrCat(
        raw_filepath, " is not what ", raw_filepath, kDvcEnding, " tracks: found ", what, " ", found, ", expected ",
        expected, "; get the tracked data with `dvc checkout`, or track this with `dvc add`, or remove the .dvc file"));
  };
  if (dvc.size.has_value() && *dvc.size != bytes.size()) {
    return differs("size", absl::StrCat(bytes.size()), absl::StrCat(*dvc.size));
  }
  const bool legacy = !dvc.hash.has_value();
  if (!dvc.md5.has_value() || (!legacy && *dvc.hash != "md5")) {
    LOG(WARNING) << raw_filepath << kDvcEnding << " holds no MD5: the data could not be checked against it";
    return absl::OkStatus();
  }
  std::string md5;
  if (legacy) {
    md5 = LegacyDvcMd5(bytes);
  } else {
    Digester digester(DigestKind::kMd5);
    digester.Update(bytes);
    md5 = digester.Hex();
  }
  if (md5 != *dvc.md5) return differs("MD5", md5, *dvc.md5);
  return absl::OkStatus();
}

std::string LegacyDvcMd5(absl::string_view bytes) {
  constexpr size_t kPiece = size_t{1} << 20;
  const bool text = IsText(bytes);
  Digester digester(DigestKind::kMd5);
  for (size_t begin = 0; begin < bytes.size(); begin += kPiece) {
    const absl::string_view piece = bytes.substr(begin, kPiece);
    if (text) {
      digester.Update(absl::StrReplaceAll(piece, {{"\r\n", "\n"}}));
    } else {
      digester.Update(piece);
    }
  }
  return digester.Hex();
}

}  // namespace baton
