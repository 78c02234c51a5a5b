#include "pipeline/config/command_line.h"
#include "pipeline/load/load_stage.h"

namespace {

constexpr char kUsage[] =
    R"(Makes a dataset of a raw table: three splits, standardised, with a vocabulary of the class labels and a data card.

  bazel run //pipeline/load -- --config=configs/iris.textproto --run_dir=runs/iris
  bazel run //pipeline/load -- --run_dir=runs/iris load.split.holdout_fraction=0.3

A dataset that is complete is not made again. What is made of other data or another configuration gets a folder of its
own, and what was there stays.)";

}  // namespace

int main(int argc, char** argv) { return baton::RunMain(argc, argv, kUsage, baton::RunLoad); }
