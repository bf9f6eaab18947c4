// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/gzip_writer.hpp"

#include "archive/gzip_chunks.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

// The input is cut in chunks of 1 MiB. Who compresses a chunk does not matter: a thread of the
// pool, or `write` itself when the oldest chunk was not yet taken by one, so a task of the same
// pool may write without a deadlock.

namespace quern::archive {

// README.md compares the levels.
const int default_gzip_level = 4;

namespace {

constexpr std::size_t chunk_size = std::size_t{1} << 20U;
constexpr std::size_t chunks_per_thread = 4;
/// One piece of the input and, once `is_done`, what became of it.
struct Chunk {
    std::string input;
    GzipChunk output;
    std::atomic<bool> is_taken = false;
    bool is_done = false;  ///< guarded by Workshop::mutex
};

/// What the tasks share; lives as long as the last of them.
class Workshop {
 public:
    explicit Workshop(int level) : level_(level) {}

    /// Compresses the chunk unless somebody else does.
    void work_on(Chunk& chunk) {
        if (chunk.is_taken.exchange(true)) {
            return;
        }
        if (!is_abandoned_.load(std::memory_order_relaxed)) {
            compress(chunk);
        }
        {
            const std::lock_guard lock(mutex_);
            chunk.is_done = true;
        }
        done_.notify_all();
    }
    void wait_for(const Chunk& chunk) {
        std::unique_lock lock(mutex_);
        done_.wait(lock, [&chunk] { return chunk.is_done; });
    }
    void abandon() { is_abandoned_.store(true, std::memory_order_relaxed); }

 private:
    void compress(Chunk& chunk) {
        ChunkCompressor compressor = take_compressor();
        chunk.output = compressor.compress(chunk.input);
        const std::lock_guard lock(mutex_);
        idle_.push_back(std::move(compressor));
    }
    ChunkCompressor take_compressor() {
        {
            const std::lock_guard lock(mutex_);
            if (!idle_.empty()) {
                ChunkCompressor compressor = std::move(idle_.back());
                idle_.pop_back();
                return compressor;
            }
        }
        return {level_, chunk_size};
    }

    const int level_;
    std::atomic<bool> is_abandoned_ = false;
    std::mutex mutex_;
    std::condition_variable done_;
    std::vector<ChunkCompressor> idle_;
};

}  // namespace

struct GzipWriter::State {
    State(ByteSink& output, const GzipOptions& options)
        : sink(output),
          pool(options.pool),
          workshop(
              std::make_shared<Workshop>(options.level == 0 ? default_gzip_level : options.level)
          ) {
        const std::size_t threads = pool == nullptr ? 0 : pool->size();
        most_in_flight = threads * chunks_per_thread;
    }

    Result<void> start();
    Result<void> hand_out();
    Result<void> write_oldest();

    ByteSink& sink;
    ThreadPool* pool;
    std::shared_ptr<Workshop> workshop;
    std::size_t most_in_flight = 0;
    std::string pending;                        ///< input of the next chunk
    std::string spare;                          ///< a buffer to use again
    std::deque<std::shared_ptr<Chunk>> chunks;  ///< handed out, oldest first
    bool is_started = false;
    bool is_finished = false;
    MemberFrame frame;
};

Result<void> GzipWriter::State::start() {
    if (is_started) {
        return {};
    }
    is_started = true;
    return sink.write(MemberFrame::header());
}

/// Gives the pending input away as a chunk; first makes room by writing what is done.
Result<void> GzipWriter::State::hand_out() {
    auto chunk = std::make_shared<Chunk>();
    chunk->input = std::exchange(pending, std::exchange(spare, {}));
    pending.clear();
    chunks.push_back(chunk);
    if (pool != nullptr) {
        pool->submit([shop = workshop, chunk] { shop->work_on(*chunk); });
    }
    while (chunks.size() > most_in_flight) {
        QUERN_CHECK(write_oldest());
    }
    return {};
}

Result<void> GzipWriter::State::write_oldest() {
    const std::shared_ptr<Chunk> chunk = std::move(chunks.front());
    chunks.pop_front();
    workshop->work_on(*chunk);
    workshop->wait_for(*chunk);
    frame.count(chunk->output.crc, chunk->output.text_size);
    spare = std::move(chunk->input);
    spare.clear();
    return sink.write(chunk->output.bytes);
}

GzipWriter::GzipWriter(ByteSink& sink, const GzipOptions& options)
    : state_(std::make_unique<State>(sink, options)) {
    QUERN_ASSERT(options.level >= 0 && options.level <= 12);
}

GzipWriter::~GzipWriter() {
    state_->workshop->abandon();
}

Result<void> GzipWriter::write(std::string_view bytes) {
    QUERN_ASSERT(!state_->is_finished);
    QUERN_CHECK(state_->start());
    while (!bytes.empty()) {
        std::string& pending = state_->pending;
        if (pending.capacity() < chunk_size && pending.size() + bytes.size() > chunk_size / 4) {
            pending.reserve(chunk_size);
        }
        const std::size_t count = std::min(bytes.size(), chunk_size - pending.size());
        pending.append(bytes.substr(0, count));
        bytes.remove_prefix(count);
        if (pending.size() == chunk_size) {
            QUERN_CHECK(state_->hand_out());
        }
    }
    return {};
}

Result<void> GzipWriter::finish() {
    QUERN_ASSERT(!state_->is_finished);
    QUERN_CHECK(state_->start());
    state_->is_finished = true;
    if (!state_->pending.empty()) {
        QUERN_CHECK(state_->hand_out());
    }
    while (!state_->chunks.empty()) {
        QUERN_CHECK(state_->write_oldest());
    }
    return state_->sink.write(state_->frame.end());
}

Result<std::string> gzip_compress(std::string_view bytes, const GzipOptions& options) {
    StringSink sink;
    GzipWriter writer(sink, options);
    QUERN_CHECK(writer.write(bytes));
    QUERN_CHECK(writer.finish());
    return sink.take();
}

}  // namespace quern::archive
