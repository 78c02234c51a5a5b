#include "base/testing/temporary_folder.h"

#include <stdlib.h>

#include "base/files.h"
#include "base/testing/status_matchers.h"

namespace baton {

TemporaryFolder::TemporaryFolder() : path_(JoinPath(testing::TempDir(), "XXXXXX")) {
  EXPECT_NE(mkdtemp(path_.data()), nullptr) << path_;
}

TemporaryFolder::~TemporaryFolder() { EXPECT_THAT(RemoveTree(FileSystem::Posix(), path_), IsOk()); }

}  // namespace baton
