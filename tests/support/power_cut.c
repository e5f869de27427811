/* Notes what a program writes into one folder, and what it asks the disk to keep, in that order.

   LD_PRELOAD=power_cut.so POWER_CUT_FOLDER=/folder POWER_CUT_LOG=/log program. A record is: its kind (W written, T cut to
   a length, S synchronised), the length of the file's name (2 bytes), an offset or a length (8), the length of what
   follows (4), the name, and what was written. Numbers are of this machine. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int journal = -2;

/* The name of an open file below the folder, or nothing. */
static const char *followed(int fd, char *path, size_t size) {
  const char *folder = getenv("POWER_CUT_FOLDER");
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t got = folder ? readlink(link, path, size - 1) : -1;
  if (got < 0) return NULL;
  path[got] = 0;
  size_t length = strlen(folder);
  return strncmp(path, folder, length) == 0 && path[length] == '/' ? path + length + 1 : NULL;
}

static void raw(const void *data, size_t length) {
  for (const char *at = data; length;) {
    ssize_t done = syscall(SYS_write, journal, at, length);
    if (done <= 0) abort();
    at += done;
    length -= done;
  }
}

static void note(char kind, const char *name, uint64_t where, const void *data, uint32_t length) {
  if (journal == -2) journal = syscall(SYS_openat, AT_FDCWD, getenv("POWER_CUT_LOG"), O_WRONLY | O_CREAT | O_APPEND, 0644);
  uint16_t named = strlen(name);
  raw(&kind, 1);
  raw(&named, sizeof named);
  raw(&where, sizeof where);
  raw(&length, sizeof length);
  raw(name, named);
  if (length) raw(data, length);
}

#define FOLLOW(fd) char path[4096]; const char *name = followed(fd, path, sizeof path)

ssize_t write(int fd, const void *data, size_t length) {
  FOLLOW(fd);
  if (!name) return syscall(SYS_write, fd, data, length);
  pthread_mutex_lock(&lock);
  struct stat found;
  fstat(fd, &found);
  off_t where = fcntl(fd, F_GETFL) & O_APPEND ? found.st_size : lseek(fd, 0, SEEK_CUR);
  ssize_t done = syscall(SYS_write, fd, data, length);
  if (done > 0) note('W', name, where, data, done);
  pthread_mutex_unlock(&lock);
  return done;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t where) {
  FOLLOW(fd);
  if (!name) return syscall(SYS_pwrite64, fd, data, length, where);
  pthread_mutex_lock(&lock);
  ssize_t done = syscall(SYS_pwrite64, fd, data, length, where);
  if (done > 0) note('W', name, where, data, done);
  pthread_mutex_unlock(&lock);
  return done;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t where) { return pwrite64(fd, data, length, where); }

int ftruncate64(int fd, off64_t length) {
  FOLLOW(fd);
  if (!name) return syscall(SYS_ftruncate, fd, length);
  pthread_mutex_lock(&lock);
  int done = syscall(SYS_ftruncate, fd, length);
  if (done == 0) note('T', name, length, NULL, 0);
  pthread_mutex_unlock(&lock);
  return done;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

static int sync_with(long number, int fd) {
  FOLLOW(fd);
  if (!name) return syscall(number, fd);
  pthread_mutex_lock(&lock);
  note('S', name, 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  return 0; /* what is kept is said by the journal alone: no need to wait for a disk */
}

int fsync(int fd) { return sync_with(SYS_fsync, fd); }
int fdatasync(int fd) { return sync_with(SYS_fdatasync, fd); }
