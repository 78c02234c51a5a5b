#ifndef BATON_BASE_VERSION_H_
#define BATON_BASE_VERSION_H_

namespace baton {

// Of all programs here; recorded with every attempt and snapshot.
inline constexpr char kVersion[] = "0.1.0";

}  // namespace baton

#endif  // BATON_BASE_VERSION_H_
