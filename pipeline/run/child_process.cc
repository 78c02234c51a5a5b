#include "pipeline/run/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/signals.h"
#include "base/status_macros.h"

namespace baton {
namespace {

// Blocks the signals that RunChild waits for while it lives.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigemptyset(&blocked_);
    for (const int signal : {SIGTERM, SIGINT, SIGTSTP, SIGCHLD}) sigaddset(&blocked_, signal);
    sigprocmask(SIG_BLOCK, &blocked_, &before_);
  }
  ~BlockedSignals() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

  const sigset_t& blocked() const { return blocked_; }
  const sigset_t& before() const { return before_; }

 private:
  sigset_t blocked_;
  sigset_t before_;
};

// The child's side of fork(): becomes the program, or writes errno into `error_pipe`. Only calls that are safe between
// fork() and exec().
[[noreturn]] void BecomeProgram(char* const* arguments, const sigset_t& signals, pid_t parent, int error_pipe) {
  setpgid(0, 0);
  // Cleared by fork(), kept by exec(). The parent may have died before this line.
  bool ready = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
  if (getppid() != parent) _exit(1);
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ready = ready && null >= 0 && dup2(null, STDIN_FILENO) == STDIN_FILENO;
  if (ready) {
    sigprocmask(SIG_SETMASK, &signals, nullptr);
    execv(arguments[0], arguments);
  }
  const int error = errno;
  (void)!write(error_pipe, &error, sizeof(error));
  _exit(1);
}

// Starts the program and returns its process id.
absl::StatusOr<pid_t> Start(const std::vector<std::string>& command, const sigset_t& signals) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  // exec() closes the writing end; what can be read before that is the reason why it failed.
  int error_pipe[2];
  if (pipe2(error_pipe, O_CLOEXEC) != 0) return IoError(errno, "make a pipe to", command[0]);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) BecomeProgram(arguments.data(), signals, parent, error_pipe[1]);
  int error = child < 0 ? errno : 0;
  close(error_pipe[1]);
  if (child > 0) {
    // Both sides do it, so that it is done before either goes on. EACCES: the child has already.
    setpgid(child, child);
    ssize_t got;
    while ((got = read(error_pipe[0], &error, sizeof(error))) < 0 && errno == EINTR) {
    }
    if (got != sizeof(error)) error = 0;
  }
  close(error_pipe[0]);
  if (error == 0) return child;
  if (child > 0) waitpid(child, nullptr, 0);
  return IoError(error, "start", command[0]);
}

}  // namespace

absl::StatusOr<ChildEnd> RunChild(const std::vector<std::string>& command) {
  // From here on they wait until sigwaitinfo takes them: none is lost, however near to the child's start or end.
  const BlockedSignals signals;
  if (StopRequested()) return absl::CancelledError(absl::StrCat("stopped before ", command[0], " was started"));
  ASSIGN_OR_RETURN(const pid_t child, Start(command, signals.before()));
  ChildEnd end;
  for (;;) {
    int status = 0;
    if (waitpid(child, &status, WNOHANG) == child) {
      if (WIFSIGNALED(status)) {
        end.signal = WTERMSIG(status);
      } else {
        end.exit_code = WEXITSTATUS(status);
      }
      return end;
    }
    const int signal = sigwaitinfo(&signals.blocked(), nullptr);
    if (signal == SIGTERM || signal == SIGINT) {
      end.stop_forwarded = true;
      kill(-child, signal);
    } else if (signal == SIGTSTP) {
      kill(-child, SIGSTOP);
      raise(SIGSTOP);
      kill(-child, SIGCONT);
    }
  }
}

}  // namespace baton
