/* Preloaded into the daemon: counts every call that leaves a mark outside the process - on the disk or on the
   network - and ends the process with SIGKILL right before (odd KILL_AT) or right after (even) the wanted one.

   KILL_AT=k        2k-1: before the k-th call, 2k: after it; 0 or unset: never
   KILL_COUNT=FILE  at a normal end, the number of calls is written there */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;
static long kill_at;

__attribute__((constructor)) static void begin(void) {
  const char *wanted = getenv("KILL_AT");
  kill_at = wanted ? atol(wanted) : 0;
}

__attribute__((destructor)) static void end(void) {
  const char *path = getenv("KILL_COUNT");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file) return;
  fprintf(file, "%ld\n", atomic_load(&calls));
  fclose(file);
}

static void die_at(long point) {
  if (kill_at == point) kill(getpid(), SIGKILL);
}

#define WATCH(result, name, parameters, arguments)                       \
  result name parameters {                                               \
    static result(*real) parameters;                                     \
    if (!real) real = (result(*) parameters)dlsym(RTLD_NEXT, #name);     \
    const long call = atomic_fetch_add(&calls, 1) + 1;                   \
    die_at(2 * call - 1);                                                \
    const result done = real arguments;                                  \
    die_at(2 * call);                                                    \
    return done;                                                         \
  }

WATCH(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at))
WATCH(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
WATCH(int, fdatasync, (int fd), (fd))
WATCH(int, fsync, (int fd), (fd))
WATCH(int, ftruncate64, (int fd, off64_t size), (fd, size))
WATCH(int, unlink, (const char *path), (path))
WATCH(int, connect, (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size))
WATCH(ssize_t, send, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags))
WATCH(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
