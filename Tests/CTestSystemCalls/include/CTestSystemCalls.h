/// System calls that fail as a host under pressure would have them fail, which cannot be brought about. Every function returns 0
/// or -errno.
#ifndef CTEST_SYSTEM_CALLS_H
#define CTEST_SYSTEM_CALLS_H

/// From now on every io_uring_enter(2) of the calling thread does nothing and fails with `error`.
int ctest_fail_io_uring_enter(int error);

/// The same of fdatasync(2).
int ctest_fail_fdatasync(int error);

#endif
