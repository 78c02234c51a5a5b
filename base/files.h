#ifndef BATON_BASE_FILES_H_
#define BATON_BASE_FILES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file_system.h"

namespace baton {

// Files and folders, durable: when a function that writes returns OK, what it wrote survives a power cut. On error
// either the old or the new state stands, whole (the new one if only the last fsync, of the folder, failed), temporary
// files are removed as far as that goes, and the Status names the file and the reason. A failed fsync is never tried
// again on the same file (the kernel marks the pages clean).

// "a/b" of "a" and "b"; "b" if "a" is empty.
std::string JoinPath(absl::string_view folder, absl::string_view name);
// "a" of "a/b"; "." of "b"; "/" of "/b".
std::string ParentFolder(absl::string_view path);
// "b" of "a/b".
std::string BaseName(absl::string_view path);
// The path itself if it is absolute, else joined to `folder` (absolute), without "." and "..".
std::string AbsolutePath(absl::string_view path, absl::string_view folder);

// Whether something is there. An error other than "not there" is an error.
absl::StatusOr<bool> Exists(FileSystem& fs, const std::string& path);
absl::StatusOr<uint64_t> FileSize(FileSystem& fs, const std::string& path);
// The whole file.
absl::StatusOr<std::string> ReadFile(FileSystem& fs, const std::string& path);
// Names in a folder, sorted. NotFound if there is no folder.
absl::StatusOr<std::vector<std::string>> ListFolder(FileSystem& fs, const std::string& path);

// Makes a folder and those above it that are missing, each durable. OK if it is there: it is then made durable, as a
// process may have died before it could. Those above are so already if they were made by this function.
absl::Status MakeFolders(FileSystem& fs, const std::string& path);
// Makes entries of a folder durable.
absl::Status SyncFolder(FileSystem& fs, const std::string& path);
// Removes a file, or a folder with all that is in it. OK if it is not there. Not synced.
absl::Status RemoveTree(FileSystem& fs, const std::string& path);

// Puts `contents` at `path` whether or not a file is there: temporary file, fsync, rename, fsync of the folder. A
// reader sees the old or the new content, whole.
absl::Status ReplaceFile(FileSystem& fs, const std::string& path, absl::string_view contents);
// The same, but AlreadyExists if there is something at `path`: of several that try, one succeeds. By link(), or where
// the file system has no links by renameat2(RENAME_NOREPLACE).
absl::Status CreateFileExclusively(FileSystem& fs, const std::string& path, absl::string_view contents);
// Renames to a name under which nothing stands yet: `path` with ".damaged" or ".damaged-N" behind it, which it
// returns; and fsyncs the folder.
absl::StatusOr<std::string> SetAside(FileSystem& fs, const std::string& path);

// Writes one new file from its beginning to its end. Not thread-safe.
class FileWriter {
 public:
  // The file must not exist.
  static absl::StatusOr<std::unique_ptr<FileWriter>> Create(FileSystem& fs, const std::string& path);
  // Closes the file if Finish() was not called; what was written then is not durable.
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  const std::string& path() const { return path_; }
  // Writes all of `data`, without a buffer of its own: hand it large pieces. Of a large file the system begins to bring
  // to the disk what was written while the rest is made.
  absl::Status Append(absl::string_view data);
  // fsyncs and closes. Call once, last. The folder's entry is not synced.
  absl::Status Finish();

 private:
  FileWriter(FileSystem& fs, std::string path, int fd) : fs_(fs), path_(std::move(path)), fd_(fd) {}
  FileSystem& fs_;
  const std::string path_;
  int fd_;  // -1 when closed
  int64_t written_ = 0;
  int64_t writeback_started_ = 0;  // bytes that are on their way to the disk
};

// Reads at any place of one file. Thread-safe.
class FileReader {
 public:
  static absl::StatusOr<std::unique_ptr<FileReader>> Open(FileSystem& fs, const std::string& path);
  ~FileReader();
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  // Size when it was opened.
  uint64_t size() const { return size_; }
  const std::string& path() const { return path_; }
  // Fills `data` with the `size` bytes from `offset` on; DataLoss if the file ends before.
  absl::Status ReadAt(uint64_t offset, void* data, size_t size) const;

 private:
  FileReader(FileSystem& fs, std::string path, int fd, uint64_t size)
      : fs_(fs), path_(std::move(path)), fd_(fd), size_(size) {}
  FileSystem& fs_;
  const std::string path_;
  const int fd_;
  const uint64_t size_;
};

// A folder that appears under its name complete or not at all. Files are written into path(), a folder beside the final
// one whose name starts with ".tmp-"; Commit() fsyncs it, renames it and fsyncs the parent. The files in it, and
// folders in it, must have been fsynced by those who wrote them (FileWriter::Finish and SyncFolder do). Without a
// commit the destructor removes it; what a killed process left behind, RemoveStale() does.
class StagedFolder {
 public:
  // Makes the folders above and the staging folder.
  static absl::StatusOr<std::unique_ptr<StagedFolder>> Create(FileSystem& fs, const std::string& final_path);
  ~StagedFolder();
  StagedFolder(const StagedFolder&) = delete;
  StagedFolder& operator=(const StagedFolder&) = delete;

  const std::string& path() const { return path_; }
  // AlreadyExists if something stands at the final path; it is left alone.
  absl::Status Commit();

  // Removes all ".tmp-*" entries in `parent`. Only for the holder of the lock on what is in it.
  static absl::Status RemoveStale(FileSystem& fs, const std::string& parent);

 private:
  StagedFolder(FileSystem& fs, std::string path, std::string final_path)
      : fs_(fs), path_(std::move(path)), final_path_(std::move(final_path)) {}
  FileSystem& fs_;
  const std::string path_;
  const std::string final_path_;
  bool committed_ = false;
};

}  // namespace baton

#endif  // BATON_BASE_FILES_H_
