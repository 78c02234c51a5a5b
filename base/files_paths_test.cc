#include "base/files.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

TEST(Paths, Join) {
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("a/", "b"), "a/b");
  EXPECT_EQ(JoinPath("/", "b"), "/b");
  EXPECT_EQ(JoinPath("", "b"), "b");
}

TEST(Paths, ParentFolderAndBaseName) {
  EXPECT_EQ(ParentFolder("a/b"), "a");
  EXPECT_EQ(ParentFolder("a/b/"), "a");
  EXPECT_EQ(ParentFolder("a//b"), "a");
  EXPECT_EQ(ParentFolder("/a/b"), "/a");
  EXPECT_EQ(ParentFolder("b"), ".");
  EXPECT_EQ(ParentFolder("/b"), "/");
  EXPECT_EQ(ParentFolder("/"), "/");
  EXPECT_EQ(BaseName("a/b"), "b");
  EXPECT_EQ(BaseName("a/b/"), "b");
  EXPECT_EQ(BaseName("b"), "b");
}

TEST(Paths, Absolute) {
  EXPECT_EQ(AbsolutePath("a", "/x"), "/x/a");
  EXPECT_EQ(AbsolutePath("../a/./b/", "/x/y"), "/x/a/b");
  EXPECT_EQ(AbsolutePath("/a/../b", "/x"), "/b");
  EXPECT_EQ(AbsolutePath(".", "/x"), "/x");
  EXPECT_EQ(AbsolutePath("../../..", "/x"), "/");
}

}  // namespace
}  // namespace baton
