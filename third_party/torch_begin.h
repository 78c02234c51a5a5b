// libtorch headers define LOG, CHECK and their kin, and so does glog; under -isystem whichever comes second wins in
// silence. So libtorch headers are included between these two headers, and only there (tests/lint.sh checks it):
//
//   #include "third_party/torch_begin.h"
//
//   #include <ATen/ops/linear.h>
//
//   #include "third_party/torch_end.h"
//
// The names then mean what they meant before. Deliberately without an include guard: each pair saves and restores.
#pragma push_macro("LOG")
#undef LOG
#pragma push_macro("VLOG")
#undef VLOG
#pragma push_macro("LOG_IF")
#undef LOG_IF
#pragma push_macro("VLOG_IF")
#undef VLOG_IF
#pragma push_macro("VLOG_IS_ON")
#undef VLOG_IS_ON
#pragma push_macro("LOG_EVERY_N")
#undef LOG_EVERY_N
#pragma push_macro("LOG_FIRST_N")
#undef LOG_FIRST_N
#pragma push_macro("LOG_AT_FILE_LINE")
#undef LOG_AT_FILE_LINE
#pragma push_macro("FATAL_IF")
#undef FATAL_IF
#pragma push_macro("CHECK")
#undef CHECK
#pragma push_macro("CHECK_EQ")
#undef CHECK_EQ
#pragma push_macro("CHECK_NE")
#undef CHECK_NE
#pragma push_macro("CHECK_LE")
#undef CHECK_LE
#pragma push_macro("CHECK_LT")
#undef CHECK_LT
#pragma push_macro("CHECK_GE")
#undef CHECK_GE
#pragma push_macro("CHECK_GT")
#undef CHECK_GT
#pragma push_macro("CHECK_NOTNULL")
#undef CHECK_NOTNULL
#pragma push_macro("DCHECK")
#undef DCHECK
#pragma push_macro("DCHECK_EQ")
#undef DCHECK_EQ
#pragma push_macro("DCHECK_NE")
#undef DCHECK_NE
#pragma push_macro("DCHECK_LE")
#undef DCHECK_LE
#pragma push_macro("DCHECK_LT")
#undef DCHECK_LT
#pragma push_macro("DCHECK_GE")
#undef DCHECK_GE
#pragma push_macro("DCHECK_GT")
#undef DCHECK_GT
#pragma push_macro("DLOG")
#undef DLOG
