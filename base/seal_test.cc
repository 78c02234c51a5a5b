#include "base/seal.h"

#include <vector>

#include "base/digest.h"
#include "base/digest_cache.pb.h"
#include "base/testing/status_matchers.h"
#include "google/protobuf/unknown_field_set.h"

namespace baton {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

DigestCacheFile Message() {
  DigestCacheFile message;
  DigestCacheFile::Entry* const entry = message.add_entries();
  entry->set_path("a/b");
  entry->set_inode(17);
  entry->set_changed_nanoseconds(-5);
  return message;
}

TEST(Seal, IsAsTheHeaderSays) {
  DigestCacheFile message = Message();
  const std::string bytes = Seal(message);
  // Field 1, 18 bytes: {path: "a/b", inode: 17, changed: -5 as a varint of 10 bytes}. Encoded by hand.
  const std::string content(
      "\x0a\x12\x0a\x03"
      "a/b"
      "\x18\x11\x30\xfb\xff\xff\xff\xff\xff\xff\xff\xff\x01",
      20);
  // sha256sum of these bytes.
  const std::string digest = "e7f5d39a62cc2d1733a029769d1cd224ba519a2a1ad9d4a778b924e695f5311a";
  EXPECT_EQ(bytes, content + "\xa2\x06\x40" + digest);
  EXPECT_EQ(message.sha256(), digest);
}

TEST(Seal, IsAPlainMessage) {
  DigestCacheFile message = Message();
  const std::string bytes = Seal(message);
  DigestCacheFile plain;
  ASSERT_TRUE(plain.ParseFromString(bytes));
  EXPECT_EQ(plain.entries(0).path(), "a/b");
  EXPECT_EQ(plain.sha256(), message.sha256());
  EXPECT_EQ(plain.SerializeAsString(), bytes);
}

TEST(Seal, ReplacesAnEarlierSeal) {
  DigestCacheFile message = Message();
  const std::string bytes = Seal(message);
  EXPECT_EQ(Seal(message), bytes);
  message.set_sha256("something else");
  EXPECT_EQ(Seal(message), bytes);
}

TEST(Seal, OfAnEmptyMessage) {
  DigestCacheFile message;
  const std::string bytes = Seal(message);
  EXPECT_EQ(message.sha256(), Sha256Hex(""));
  DigestCacheFile read;
  EXPECT_THAT(Unseal(bytes, "f", read), IsOk());
}

// What a newer version wrote in fields that this one does not know is kept, sealed and checked.
TEST(Seal, CoversUnknownFields) {
  DigestCacheFile message = Message();
  message.GetReflection()->MutableUnknownFields(&message)->AddVarint(200, 9);
  const std::string bytes = Seal(message);
  DigestCacheFile read;
  ASSERT_THAT(Unseal(bytes, "f", read), IsOk());
  EXPECT_EQ(Seal(read), bytes);
}

TEST(Unseal, GivesTheMessageBack) {
  DigestCacheFile message = Message();
  DigestCacheFile read;
  ASSERT_THAT(Unseal(Seal(message), "f", read), IsOk());
  EXPECT_EQ(read.SerializeAsString(), message.SerializeAsString());
}

TEST(Unseal, FindsEveryChangedByte) {
  DigestCacheFile message = Message();
  const std::string bytes = Seal(message);
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const int flip : {0x01, 0x20, 0x80, 0xff}) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      DigestCacheFile read;
      EXPECT_THAT(Unseal(changed, "file", read), StatusIs(StatusCode::kDataLoss, HasSubstr("file: "))) << i;
      EXPECT_EQ(read.ByteSizeLong(), 0) << i;
    }
  }
}

TEST(Unseal, FindsEveryMissingAndAddedByte) {
  DigestCacheFile message = Message();
  const std::string bytes = Seal(message);
  DigestCacheFile read;
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(Unseal(absl::string_view(bytes).substr(0, size), "f", read),
                StatusIs(StatusCode::kDataLoss, HasSubstr("f: ")))
        << size;
    EXPECT_THAT(Unseal(absl::string_view(bytes).substr(bytes.size() - size), "f", read),
                StatusIs(StatusCode::kDataLoss, HasSubstr("f: ")))
        << size;
  }
  for (int byte = 0; byte < 256; ++byte) {
    EXPECT_THAT(Unseal(bytes + static_cast<char>(byte), "f", read), StatusIs(StatusCode::kDataLoss, HasSubstr("f: ")));
  }
  EXPECT_THAT(Unseal(bytes + bytes, "f", read), StatusIs(StatusCode::kDataLoss, HasSubstr("f: ")));
}

TEST(Unseal, FindsAnotherKindOfMessage) {
  const std::string content = "\x07";  // Field 0 of wire type 7: there is neither.
  DigestCacheFile read;
  EXPECT_THAT(Unseal(content + "\xa2\x06\x40" + Sha256Hex(content), "f", read),
              StatusIs(StatusCode::kDataLoss, HasSubstr("baton.DigestCacheFile")));
}

}  // namespace
}  // namespace baton
