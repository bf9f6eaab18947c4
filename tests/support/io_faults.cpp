// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// A library for LD_PRELOAD: system calls on regular files fail from the one with number
// QUERN_FAULT_AT on, for QUERN_FAULT_COUNT calls, with the error number QUERN_FAULT_ERRNO. What
// goes to sockets, pipes and terminals is left alone, so that the program can still say what
// happened.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace {

std::atomic<long> calls{0};

long setting(const char* name, long fallback) {
    const char* text = std::getenv(name);
    return text == nullptr ? fallback : std::strtol(text, nullptr, 10);
}

bool fails() {
    static const long at = setting("QUERN_FAULT_AT", -1);
    static const long count = setting("QUERN_FAULT_COUNT", 1);
    static const long error = setting("QUERN_FAULT_ERRNO", EIO);
    const long number = calls++;
    if (at < 0 || number < at || number >= at + count) {
        return false;
    }
    errno = static_cast<int>(error);
    return true;
}

bool is_file(int fd) {
    struct stat status = {};
    const int before = errno;
    const bool answer = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    errno = before;
    return answer;
}

template <typename Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t count) {
    static auto* const real = next<ssize_t(int, const void*, size_t)>("write");
    return is_file(fd) && fails() ? -1 : real(fd, bytes, count);
}

ssize_t read(int fd, void* bytes, size_t count) {
    static auto* const real = next<ssize_t(int, void*, size_t)>("read");
    return is_file(fd) && fails() ? -1 : real(fd, bytes, count);
}

ssize_t pread64(int fd, void* bytes, size_t count, off64_t offset) {
    static auto* const real = next<ssize_t(int, void*, size_t, off64_t)>("pread64");
    return is_file(fd) && fails() ? -1 : real(fd, bytes, count, offset);
}

int fdatasync(int fd) {
    static auto* const real = next<int(int)>("fdatasync");
    return fails() ? -1 : real(fd);
}

int rename(const char* from, const char* to) {
    static auto* const real = next<int(const char*, const char*)>("rename");
    return fails() ? -1 : real(from, to);
}

int linkat(int from, const char* source, int to, const char* target, int flags) {
    static auto* const real = next<int(int, const char*, int, const char*, int)>("linkat");
    return fails() ? -1 : real(from, source, to, target, flags);
}

int ftruncate64(int fd, off64_t length) {
    static auto* const real = next<int(int, off64_t)>("ftruncate64");
    return fails() ? -1 : real(fd, length);
}

int fchmod(int fd, mode_t mode) {
    static auto* const real = next<int(int, mode_t)>("fchmod");
    return fails() ? -1 : real(fd, mode);
}
}
