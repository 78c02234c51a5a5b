#ifndef BATON_BASE_SIGNALS_H_
#define BATON_BASE_SIGNALS_H_

namespace baton {

// After InstallStopSignals(), the first SIGTERM or SIGINT only makes StopRequested() true: work goes on to the next
// point at which it can be taken up again. A second one at least 2 s after the first ends the process at once with exit
// code 75; sooner ones are ignored, since the same signal may arrive several times (from a terminal and a parent).
void InstallStopSignals();
bool StopRequested();
// The signal's number; 0 if there was none.
int StopSignal();

}  // namespace baton

#endif  // BATON_BASE_SIGNALS_H_
