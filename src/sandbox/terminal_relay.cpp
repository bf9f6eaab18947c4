// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/terminal_relay.hpp"

#include "support/atomic_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <tuple>

namespace quern::sandbox {

namespace {

constexpr char end_of_input = 4;  // Ctrl-D, the VEOF of a fresh terminal
constexpr int poll_milliseconds = 100;

Error relay_error(int err, std::string_view action) {
    return Error(ErrorCode::sandbox, Error::system(err, action).message());
}

void copy_size(int from, int to) {
    winsize size = {};
    winsize current = {};
    if (::ioctl(from, TIOCGWINSZ, &size) == 0 && ::ioctl(to, TIOCGWINSZ, &current) == 0 &&
        (size.ws_row != current.ws_row || size.ws_col != current.ws_col)) {
        ::ioctl(to, TIOCSWINSZ, &size);
    }
}

// Sizes are looked at between keys: a handler of SIGWINCH would be one for the whole process.
void pass_input(const std::stop_token& stop, int terminal) {
    std::array<char, 4096> buffer;
    while (!stop.stop_requested()) {
        copy_size(STDIN_FILENO, terminal);
        pollfd polled = {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
        if (::poll(&polled, 1, poll_milliseconds) <= 0) {
            continue;
        }
        const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (count <= 0) {
            std::ignore = write_all(terminal, {&end_of_input, 1});  // the command may have ended
            return;
        }
        if (!write_all(terminal, {buffer.data(), static_cast<std::size_t>(count)})) {
            return;
        }
    }
}

}  // namespace

Result<TerminalRelay> TerminalRelay::open() {
    TerminalRelay relay;
    relay.master_ = UniqueFd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    std::array<char, 64> name = {};
    if (!relay.master_ || ::grantpt(relay.master_.get()) != 0 ||
        ::unlockpt(relay.master_.get()) != 0 ||
        ::ptsname_r(relay.master_.get(), name.data(), name.size()) != 0) {
        const int err = errno;
        return relay_error(err, "making a terminal for the sandbox");
    }
    relay.slave_ = UniqueFd(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!relay.slave_) {
        const int err = errno;
        return relay_error(err, "opening the terminal of the sandbox");
    }
    copy_size(STDIN_FILENO, relay.master_.get());
    return relay;
}

Result<UniqueFd> TerminalRelay::start() {
    slave_ = UniqueFd();
    UniqueFd output(::fcntl(master_.get(), F_DUPFD_CLOEXEC, 0));
    if (!output) {
        const int err = errno;
        return relay_error(err, "reading the terminal of the sandbox");
    }
    termios before = {};
    if (::tcgetattr(STDIN_FILENO, &before) == 0) {
        saved_ = before;
        termios raw = before;
        ::cfmakeraw(&raw);
        ::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    }
    input_ = std::jthread(pass_input, master_.get());
    return output;
}

TerminalRelay::~TerminalRelay() {
    if (input_.joinable()) {
        input_.request_stop();
        input_.join();
    }
    if (saved_) {
        ::tcsetattr(STDIN_FILENO, TCSADRAIN, &*saved_);
    }
}

}  // namespace quern::sandbox
