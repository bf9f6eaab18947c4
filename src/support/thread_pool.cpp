// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/thread_pool.hpp"

#include <sched.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>

namespace quern {

namespace {

std::size_t usable_processors() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) {
        return static_cast<std::size_t>(CPU_COUNT(&set));
    }
    return std::max(1U, std::thread::hardware_concurrency());
}

/// The indexes of one `for_each_index` as they are handed out. Indexes leave in order, so after a
/// failure every lower one is already with some thread: the lowest error is the same however the
/// threads run, and no higher index needs to start.
class IndexLoop {
 public:
    IndexLoop(std::size_t count, const std::function<Result<void>(std::size_t)>& body)
        : count_(count), body_(&body) {}

    void run() {
        while (const auto index = take()) {
            finish(*index, call(*index));
        }
    }

    /// Waits for the indexes that other threads hold. No thread touches `body_` afterwards.
    Result<void> wait() {
        std::unique_lock lock(mutex_);
        idle_.wait(lock, [this] { return running_ == 0; });
        if (thrown_) {
            std::rethrow_exception(thrown_);
        }
        if (error_) {
            return std::move(*error_);
        }
        return {};
    }

 private:
    std::optional<std::size_t> take() {
        const std::lock_guard lock(mutex_);
        if (next_ >= count_) {
            return std::nullopt;
        }
        ++running_;
        return next_++;
    }

    Result<void> call(std::size_t index) noexcept {
        try {
            return (*body_)(index);
        } catch (...) {
            const std::lock_guard lock(mutex_);
            thrown_ = std::current_exception();
            next_ = count_;
        }
        return {};
    }

    void finish(std::size_t index, Result<void> result) {
        const std::lock_guard lock(mutex_);
        --running_;
        if (!result) {
            next_ = count_;
            if (!error_ || index < error_index_) {
                error_ = std::move(result).error();
                error_index_ = index;
            }
        }
        if (running_ == 0) {
            idle_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable idle_;
    std::size_t count_;
    const std::function<Result<void>(std::size_t)>* body_;
    std::size_t next_ = 0;
    std::size_t running_ = 0;
    std::optional<Error> error_;
    std::size_t error_index_ = 0;
    std::exception_ptr thrown_;
};

}  // namespace

ThreadPool::ThreadPool(std::size_t threads) : size_(threads == 0 ? usable_processors() : threads) {}

ThreadPool::~ThreadPool() {
    {
        // A task that still runs may submit more.
        const std::lock_guard lock(mutex_);
        size_ = threads_.size();
    }
    for (std::jthread& thread : threads_) {
        thread.request_stop();
    }
    threads_.clear();  // joins; each thread leaves once no task is left
}

void ThreadPool::submit(std::function<void()> task) {
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
        if (threads_.size() < size_) {
            threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
        }
    }
    ready_.notify_one();
}

Result<void> ThreadPool::for_each_index(
    std::size_t count, const std::function<Result<void>(std::size_t)>& body
) {
    // Shared, because a thread that comes late finds the loop finished, perhaps after our return.
    const auto loop = std::make_shared<IndexLoop>(count, body);
    const std::size_t helpers = std::min(size(), count) - (count == 0 ? 0 : 1);
    for (std::size_t i = 0; i < helpers; ++i) {
        submit([loop] { loop->run(); });
    }
    loop->run();
    return loop->wait();
}

void ThreadPool::work(const std::stop_token& stop) {
    for (;;) {
        std::function<void()> task;
        {
            std::unique_lock lock(mutex_);
            if (!ready_.wait(lock, stop, [this] { return !tasks_.empty(); })) {
                return;
            }
            task = std::move(tasks_.front());
            tasks_.pop_front();
        }
        task();
    }
}

}  // namespace quern
