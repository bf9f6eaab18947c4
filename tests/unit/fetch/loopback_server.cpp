// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "unit/fetch/loopback_server.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string_view>

namespace quern::test {

namespace {

void require(bool holds) {
    if (!holds) {
        std::abort();  // a test without its server says nothing
    }
}

bool send_all(int connection, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

/// Up to the empty line.
std::string receive_head(int connection, int stop) {
    std::string head;
    std::array<char, 4096> buffer{};
    while (head.find("\r\n\r\n") == std::string::npos) {
        std::array<pollfd, 2> ready = {{{connection, POLLIN, 0}, {stop, POLLIN, 0}}};
        if (::poll(ready.data(), ready.size(), -1) <= 0 || ready[1].revents != 0) {
            return {};
        }
        const ssize_t count = ::recv(connection, buffer.data(), buffer.size(), 0);
        if (count <= 0) {
            return {};
        }
        head.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return head;
}

LoopbackRequest parse_head(const std::string& head) {
    LoopbackRequest request;
    const auto lines = split(head, '\n');
    const auto words = split_words(lines.front());
    request.path = words.size() > 1 ? std::string(words[1]) : "";
    for (const std::string_view line : lines) {
        if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
            request.headers[to_lower(line.substr(0, colon))] = trim(line.substr(colon + 1));
        }
    }
    return request;
}

std::string head_of(const LoopbackReply& reply) {
    std::string head = fmt::format("HTTP/1.1 {} Said\r\nConnection: close\r\n", reply.status);
    for (const auto& [name, value] : reply.headers) {
        head += fmt::format("{}: {}\r\n", name, value);
    }
    if (!reply.without_length) {
        head += fmt::format(
            "Content-Length: {}\r\n", reply.announced_length.value_or(reply.body.size())
        );
    }
    return head + "\r\n";
}

}  // namespace

std::string LoopbackRequest::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
}

std::size_t LoopbackRequest::range_start() const {
    const std::string range = header("range");
    constexpr std::string_view prefix = "bytes=";
    return range.starts_with(prefix) ? std::strtoul(range.c_str() + prefix.size(), nullptr, 10) : 0;
}

LoopbackServer::LoopbackServer(Handler handler) : handler_(std::move(handler)) {
    std::array<int, 2> ends{};
    require(::pipe2(ends.data(), O_CLOEXEC) == 0);
    stop_read_ = ends[0];
    stop_write_ = ends[1];
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    require(::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) == 0);
    require(::listen(listener_, 64) == 0);
    require(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_connections(); });
}

LoopbackServer::~LoopbackServer() {
    ::close(stop_write_);
    acceptor_.join();
    for (std::thread& connection : connections_) {
        connection.join();
    }
    ::close(listener_);
    ::close(stop_read_);
}

std::string LoopbackServer::url(const std::string& path, const std::string& host) const {
    return fmt::format("http://{}:{}{}", host, port_, path);
}

std::vector<LoopbackRequest> LoopbackServer::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

void LoopbackServer::accept_connections() {
    while (true) {
        std::array<pollfd, 2> ready = {{{listener_, POLLIN, 0}, {stop_read_, POLLIN, 0}}};
        if (::poll(ready.data(), ready.size(), -1) <= 0 || ready[1].revents != 0) {
            return;
        }
        const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection >= 0) {
            connections_.emplace_back([this, connection] {
                serve(connection);
                ::close(connection);
            });
        }
    }
}

void LoopbackServer::serve(int connection) {
    const std::string head = receive_head(connection, stop_read_);
    if (head.empty()) {
        return;
    }
    const LoopbackRequest request = parse_head(head);
    {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
    }
    const LoopbackReply reply = handler_(request);
    bool is_open = send_all(connection, head_of(reply));
    const std::string_view body = reply.body;
    is_open =
        is_open && send_all(connection, body.substr(0, reply.cut_after.value_or(body.size())));
    while (is_open && reply.endless) {
        is_open = send_all(connection, body);
    }
    if (is_open && reply.hang) {
        pollfd stop = {stop_read_, POLLIN, 0};
        ::poll(&stop, 1, -1);
    }
}

}  // namespace quern::test
