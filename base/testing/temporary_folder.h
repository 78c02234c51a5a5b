#ifndef BATON_BASE_TESTING_TEMPORARY_FOLDER_H_
#define BATON_BASE_TESTING_TEMPORARY_FOLDER_H_

#include <string>

namespace baton {

// For tests: a new, empty folder in the test's own one, removed in the end with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  // Absolute.
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace baton

#endif  // BATON_BASE_TESTING_TEMPORARY_FOLDER_H_
