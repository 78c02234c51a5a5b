#ifndef BATON_TESTS_FUZZ_FUZZ_TARGET_H_
#define BATON_TESTS_FUZZ_FUZZ_TARGET_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

// A fuzz target is a file NAME_fuzz.cc that defines Seeds() and TestInput(), and LLVMFuzzerCustomMutator() where its
// inputs have a structure. docs/reliability.md says how they are run.

// libFuzzer's interface.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed);
// Of libFuzzer, or where it is not there of fuzz_main.cc.
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace baton {

// Inputs to begin with, made by the writers of what is read, so that they are always of the current format. Each must
// be accepted.
std::vector<std::string> Seeds();

// Reads the bytes with what is under test, and Require()s what must hold.
void TestInput(absl::string_view input);

// To be called by TestInput when its input was read without an error.
void NoteAccepted();
// How often it was.
uint64_t AcceptedCount();

// Ends the process, which the fuzzer reports together with the input, unless `holds`.
void Require(bool holds, absl::string_view what);

// An error of a reader: an answer to bad bytes, not a fault of ours (Internal) and not one of the file system; its
// text names `file`.
void RequireGoodError(const absl::Status& status, absl::string_view file);

inline absl::string_view AsText(const uint8_t* data, size_t size) {
  return absl::string_view(reinterpret_cast<const char*>(data), size);
}

// `content` with the seal behind it that base/seal.h puts there, whatever it is: what stands behind the seal is
// reached.
std::string SealBytes(absl::string_view content);

// A custom mutator for inputs that are serialized messages of the type of `message`: changes a field somewhere in it,
// chosen by `seed`, or sometimes just the bytes. Returns the new size.
size_t MutateMessage(google::protobuf::Message& message, uint8_t* data, size_t size, size_t max_size, unsigned seed);

// The message's bytes, maps in the order of their keys.
std::string SerializeMessage(const google::protobuf::Message& message);

}  // namespace baton

#endif  // BATON_TESTS_FUZZ_FUZZ_TARGET_H_
