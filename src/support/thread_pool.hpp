// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace quern {

/// A bounded number of threads that run tasks in the order in which they were given. One starts
/// with each of the first tasks, so that a pool without tasks costs nothing.
class ThreadPool {
 public:
    /// `threads` = 0 means one for each processor that this process may use.
    explicit ThreadPool(std::size_t threads = 0);
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;
    /// Waits for all tasks.
    ~ThreadPool();

    std::size_t size() const { return size_; }
    void submit(std::function<void()> task);
    /// Runs `body(0)` to `body(count - 1)`, waits for all; gives the error of the lowest index.
    /// After an error no further index starts. The calling thread is one of `size` that work, so a
    /// task of the pool may call it.
    Result<void> for_each_index(
        std::size_t count, const std::function<Result<void>(std::size_t)>& body
    );

 private:
    void work(const std::stop_token& stop);

    std::size_t size_;
    std::mutex mutex_;
    std::condition_variable_any ready_;
    std::deque<std::function<void()>> tasks_;
    std::vector<std::jthread> threads_;
};

}  // namespace quern
