// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/input_relay.hpp"

#include "support/atomic_file.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

namespace quern::sandbox {

namespace {

constexpr int poll_milliseconds = 100;

// The pipe is watched too: it fails as soon as nobody is there to read it.
void pass_input(const std::stop_token& stop, int from, const UniqueFd& to) {
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::array<char, std::size_t{64} << 10U> buffer;
    while (!stop.stop_requested()) {
        std::array<pollfd, 2> polled = {
            pollfd{.fd = from, .events = POLLIN, .revents = 0},
            pollfd{.fd = to.get(), .events = 0, .revents = 0}};
        if (::poll(polled.data(), polled.size(), poll_milliseconds) <= 0) {
            continue;
        }
        if (polled[1].revents != 0) {
            return;
        }
        const ssize_t count = ::read(from, buffer.data(), buffer.size());
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        }
        if (count <= 0 || !write_all(to.get(), {buffer.data(), static_cast<std::size_t>(count)})) {
            return;
        }
    }
}

}  // namespace

Result<InputRelay> InputRelay::open(int from) {
    InputRelay relay;
    relay.from_ = from;
    QUERN_TRY(relay.pipe_, make_pipe());
    return relay;
}

void InputRelay::start() {
    pipe_.read_end = UniqueFd();
    copy_ = std::jthread([from = from_, to = std::move(pipe_.write_end)](const std::stop_token& stop
                         ) { pass_input(stop, from, to); });
}

}  // namespace quern::sandbox
