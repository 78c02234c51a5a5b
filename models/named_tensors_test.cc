#include "models/named_tensors.h"

#include <stdexcept>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/zeros.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(NamedTensors, AreFoundByName) {
  const auto index = std::make_shared<const TensorIndex>(
      std::vector<ParameterSpec>{{.name = "b", .shape = {1}}, {.name = "a", .shape = {2}}});
  const std::vector<at::Tensor> tensors = {at::zeros({1}), at::zeros({2})};
  const NamedTensors named(index, tensors);
  EXPECT_TRUE(named["a"].is_same(tensors[1]));
  EXPECT_TRUE(named["b"].is_same(tensors[0]));
  ASSERT_EQ(named.all().size(), 2);
  EXPECT_TRUE(named.all()[0].is_same(tensors[0]));
  EXPECT_THAT([&] { named["c"]; }, ThrowsMessage<std::out_of_range>(HasSubstr("'c'")));
  EXPECT_THAT([] { NamedTensors()["c"]; }, ThrowsMessage<std::out_of_range>(HasSubstr("'c'")));
  EXPECT_THAT([&] { NamedTensors(index, absl::MakeSpan(tensors).subspan(1)); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("1 tensors were given where 2")));
}

}  // namespace
}  // namespace baton
