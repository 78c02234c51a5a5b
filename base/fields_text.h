#ifndef BATON_BASE_FIELDS_TEXT_H_
#define BATON_BASE_FIELDS_TEXT_H_

namespace baton {

// What to do about an extension that nothing near is known of.
inline constexpr char kLinkExtensions[] =
    "A program knows the extensions that were linked into it: use the programs of the package that defines this one "
    "(docs/own_model.md)";

}  // namespace baton

#endif  // BATON_BASE_FIELDS_TEXT_H_
