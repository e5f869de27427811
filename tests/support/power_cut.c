/* Notes what programs write into one folder and everything below it, and what they ask the disk to keep, in that order.

   LD_PRELOAD=power_cut.so POWER_CUT_FOLDER=/folder POWER_CUT_LOG=/log program. A record is: its kind, the length of the
   file's name (2 bytes), an offset or a length (8), the length of what follows (4), the name below the folder, and what
   follows. Kinds: W written (what), T cut to a length, D its data synchronised, S all of it synchronised, and of names: C
   made, R called something else (the new name), U removed, M made as a folder, X removed as one. Numbers are of this
   machine. A record is written at once, so that those of several processes stand one after the other. What programs
   write by the C library's own streams (fopen) is not seen. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PATH 4096
#define MOST 64 /* parts of one write; PostgreSQL's are 32 at most */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int journal = -2;

/* The part of a path below the folder ("" for the folder itself), or nothing. */
static const char *below(const char *path) {
  const char *folder = getenv("POWER_CUT_FOLDER");
  size_t length = folder ? strlen(folder) : 0;
  if (!length || strncmp(path, folder, length) != 0) return NULL;
  return path[length] == '/' ? path + length + 1 : path[length] ? NULL : path + length;
}

/* The name of an open file below the folder, or nothing. */
static const char *followed(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t got = readlink(link, path, PATH - 1);
  if (got < 0) return NULL;
  path[got] = 0;
  return below(path);
}

/* The same of a name, which may begin where the program is. */
static const char *named(const char *name, char *path) {
  if (name[0] == '/') return below(name);
  if (syscall(SYS_getcwd, path, PATH) < 0 || strlen(path) + strlen(name) + 2 > PATH) return NULL;
  strcat(path, "/");
  return below(strcat(path, name[0] == '.' && name[1] == '/' ? name + 2 : name));
}

static void note(char kind, const char *name, uint64_t where, const struct iovec *parts, int count, uint32_t length) {
  if (journal == -2) journal = syscall(SYS_openat, AT_FDCWD, getenv("POWER_CUT_LOG"), O_WRONLY | O_CREAT | O_APPEND, 0666);
  uint16_t called = strlen(name);
  struct iovec all[MOST + 5] = {{&kind, 1}, {&called, sizeof called}, {&where, sizeof where}, {&length, sizeof length},
                                {(void *)name, called}};
  ssize_t size = 1 + sizeof called + sizeof where + sizeof length + called + length;
  uint32_t left = length;
  int used = 5;
  for (int each = 0; each < count && left; each++) {
    all[used] = parts[each];
    if (all[used].iov_len > left) all[used].iov_len = left;
    left -= all[used++].iov_len;
  }
  if (syscall(SYS_writev, journal, all, used) != size) abort();
}

static void note_name(char kind, const char *name, const char *other) {
  struct iovec part = {(void *)other, strlen(other)};
  note(kind, name, 0, &part, 1, part.iov_len);
}

#define FOLLOW(fd) char path[PATH]; const char *name = followed(fd, path)

static ssize_t written(int fd, const struct iovec *parts, int count, off_t where, int moves) {
  FOLLOW(fd);
  if (!name || count > MOST) {
    if (name) abort();
    return moves ? syscall(SYS_writev, fd, parts, count) : syscall(SYS_pwritev, fd, parts, count, where, 0);
  }
  pthread_mutex_lock(&lock);
  if (moves) {
    struct stat found;
    fstat(fd, &found);
    where = fcntl(fd, F_GETFL) & O_APPEND ? found.st_size : lseek(fd, 0, SEEK_CUR);
  }
  ssize_t done = moves ? syscall(SYS_writev, fd, parts, count) : syscall(SYS_pwritev, fd, parts, count, where, 0);
  int error = errno;
  if (done > 0) note('W', name, where, parts, count, done);
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}

ssize_t write(int fd, const void *data, size_t length) {
  struct iovec part = {(void *)data, length};
  return written(fd, &part, 1, 0, 1);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t where) {
  struct iovec part = {(void *)data, length};
  return written(fd, &part, 1, where, 0);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t where) { return written(fd, parts, count, where, 0); }

ssize_t pwrite(int fd, const void *data, size_t length, off_t where) { return pwrite64(fd, data, length, where); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t where) { return pwritev64(fd, parts, count, where); }

static int cut_to(int fd, off_t length, int only_longer) {
  FOLLOW(fd);
  struct stat found;
  if (only_longer && (fstat(fd, &found) != 0 || found.st_size >= length)) return 0;
  pthread_mutex_lock(&lock);
  int done = syscall(SYS_ftruncate, fd, length);
  if (done == 0 && name) note('T', name, length, NULL, 0, 0);
  pthread_mutex_unlock(&lock);
  return done;
}

int ftruncate64(int fd, off64_t length) { return cut_to(fd, length, 0); }
int ftruncate(int fd, off_t length) { return cut_to(fd, length, 0); }

/* Room for a file to grow into: what counts here is that it is longer. */
int posix_fallocate(int fd, off_t where, off_t length) {
  FOLLOW(fd);
  if (!name) return syscall(SYS_fallocate, fd, 0, where, length) == 0 ? 0 : errno;
  return cut_to(fd, where + length, 1) == 0 ? 0 : errno;
}

int truncate(const char *file, off_t length) {
  int fd = syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  int done = cut_to(fd, length, 0);
  syscall(SYS_close, fd);
  return done;
}

static int sync_with(long number, int fd) {
  FOLLOW(fd);
  if (!name) return syscall(number, fd);
  pthread_mutex_lock(&lock);
  note(number == SYS_fsync ? 'S' : 'D', name, 0, NULL, 0, 0);
  pthread_mutex_unlock(&lock);
  return 0; /* what is kept is said by the journal alone: no need to wait for a disk */
}

int fsync(int fd) { return sync_with(SYS_fsync, fd); }
int fdatasync(int fd) { return sync_with(SYS_fdatasync, fd); }

static int opened(const char *file, int flags, mode_t mode) {
  struct stat found;
  int makes = flags & O_CREAT && syscall(SYS_newfstatat, AT_FDCWD, file, &found, 0) != 0;
  int fd = syscall(SYS_openat, AT_FDCWD, file, flags, mode);
  if (fd < 0 || !(makes || flags & O_TRUNC)) return fd;
  FOLLOW(fd);
  if (name && makes) note_name('C', name, "");
  else if (name) note('T', name, 0, NULL, 0, 0);
  return fd;
}

#define MODE va_list more; va_start(more, flags); mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0; va_end(more)

int open(const char *file, int flags, ...) { MODE; return opened(file, flags, mode); }
int open64(const char *file, int flags, ...) { MODE; return opened(file, flags, mode); }

int rename(const char *from, const char *to) {
  char path[PATH], other[PATH];
  const char *name = named(from, path), *now = named(to, other);
  int done = syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
  if (done == 0 && name && now) note_name('R', name, now);
  return done;
}

static int changed(char kind, const char *file, int done) {
  char path[PATH];
  const char *name = named(file, path);
  if (done == 0 && name) note_name(kind, name, "");
  return done;
}

int unlink(const char *file) { return changed('U', file, syscall(SYS_unlinkat, AT_FDCWD, file, 0)); }
int mkdir(const char *file, mode_t mode) { return changed('M', file, syscall(SYS_mkdirat, AT_FDCWD, file, mode)); }
int rmdir(const char *file) { return changed('X', file, syscall(SYS_unlinkat, AT_FDCWD, file, AT_REMOVEDIR)); }
