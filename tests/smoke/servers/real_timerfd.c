// SPDX-License-Identifier: Apache-2.0
// Stands before libfaketime. That moves every absolute moment of a timerfd by the false time, also those on
// CLOCK_MONOTONIC which it was told to leave alone: "at once", as asio says it, became "in a month" for a program that
// lives a month ago, and its loop slept on.
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

int timerfd_settime(int fd, int flags, const struct itimerspec* to, struct itimerspec* before) {
    return (int)syscall(SYS_timerfd_settime, fd, flags, to, before);
}
