// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace quern::test {

/// What a client asked.
struct LoopbackRequest {
    std::string path;
    std::map<std::string, std::string> headers;  ///< names in lower case

    std::string header(const std::string& name) const;
    /// First byte of "Range: bytes=N-"; 0 without.
    std::size_t range_start() const;
};

/// What the server says, truthfully or not.
struct LoopbackReply {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};
    std::optional<std::uint64_t> announced_length = {};  ///< instead of the body's own
    bool without_length = false;                ///< the end of the connection ends the body
    std::optional<std::size_t> cut_after = {};  ///< bytes of the body, then the connection ends
    bool endless = false;                       ///< repeats the body until the client has enough
    bool hang = false;                          ///< keeps the connection open after the body
};

/// An HTTP server on 127.0.0.1 that lives as long as the object. The handler is called from several
/// threads.
class LoopbackServer {
 public:
    using Handler = std::function<LoopbackReply(const LoopbackRequest& request)>;

    explicit LoopbackServer(Handler handler);
    LoopbackServer(const LoopbackServer&) = delete;
    LoopbackServer& operator=(const LoopbackServer&) = delete;
    ~LoopbackServer();

    int port() const { return port_; }
    std::string url(const std::string& path, const std::string& host = "127.0.0.1") const;
    std::vector<LoopbackRequest> requests() const;

 private:
    void accept_connections();
    void serve(int connection);

    Handler handler_;
    int listener_ = -1;
    int stop_read_ = -1;
    int stop_write_ = -1;
    int port_ = 0;
    mutable std::mutex mutex_;
    std::vector<LoopbackRequest> requests_;
    std::vector<std::thread> connections_;
    std::thread acceptor_;
};

}  // namespace quern::test
