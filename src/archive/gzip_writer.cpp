// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/gzip_writer.hpp"

#include "archive/gzip_blocks.hpp"
#include "archive/gzip_functions.hpp"
#include "support/handle.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

// The input is cut in chunks of 1 MiB. Each is compressed alone, as a complete deflate stream; then
// the mark of its last block is taken away and an empty stored block is put behind it, which ends
// at a byte, so that the chunks lie one behind the other in one stream (RFC 1951 3.2.4). An empty
// last block closes it. Who compresses a chunk does not matter: a thread of the pool, or `write`
// itself when the oldest chunk was not yet taken by one, so a task of the same pool may write
// without a deadlock.

namespace quern::archive {

// README.md compares the levels.
const int default_gzip_level = 4;

namespace {

constexpr std::size_t chunk_size = std::size_t{1} << 20U;
constexpr std::size_t chunks_per_thread = 4;
constexpr std::size_t longest_joint = 5;  ///< bytes of an empty stored block

using Compressor = Handle<libdeflate_compressor, libdeflate_free_compressor>;

/// Makes the complete deflate stream at `output` go on: the last block is no longer the last, and
/// the end is that of a byte.
void open_last_block(std::string& stream) {
    const auto end =
        find_deflate_end({reinterpret_cast<const std::uint8_t*>(stream.data()), stream.size()});
    QUERN_ASSERT(end && (end->end + 7) / 8 == stream.size());
    char& byte = stream[end->last_block / 8];
    byte = static_cast<char>(static_cast<unsigned char>(byte) & ~(1U << (end->last_block % 8)));
    // The three bits of the stored block's header are zero, as the padding is.
    const std::size_t bits_left = stream.size() * 8 - end->end;
    if (bits_left < 3) {
        stream.push_back('\0');
    }
    stream.append("\x00\x00\xff\xff", 4);
}

/// One piece of the input and, once `is_done`, what became of it.
struct Chunk {
    std::string input;
    std::string output;
    std::size_t input_size = 0;
    std::uint32_t crc = 0;
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
    /// What one thread needs: both are large, so they are used again.
    struct Tools {
        Compressor compressor;
        std::unique_ptr<char[]> room;  // NOLINT(modernize-avoid-c-arrays): not to be zeroed
    };

    void compress(Chunk& chunk) {
        Tools tools = take_tools();
        chunk.input_size = chunk.input.size();
        chunk.crc = libdeflate_crc32(0, chunk.input.data(), chunk.input.size());
        const std::size_t size = libdeflate_deflate_compress(
            tools.compressor.get(), chunk.input.data(), chunk.input.size(), tools.room.get(), room_
        );
        QUERN_ASSERT(size != 0);
        chunk.output.reserve(size + longest_joint);
        chunk.output.assign(tools.room.get(), size);
        open_last_block(chunk.output);
        const std::lock_guard lock(mutex_);
        tools_.push_back(std::move(tools));
    }
    Tools take_tools() {
        {
            const std::lock_guard lock(mutex_);
            if (!tools_.empty()) {
                Tools tools = std::move(tools_.back());
                tools_.pop_back();
                return tools;
            }
        }
        Tools made{
            Compressor(libdeflate_alloc_compressor(level_)),
            std::make_unique_for_overwrite<char[]>(room_)};
        QUERN_ASSERT(made.compressor != nullptr);
        return made;
    }

    const int level_;
    const std::size_t room_ = libdeflate_deflate_compress_bound(nullptr, chunk_size);
    std::atomic<bool> is_abandoned_ = false;
    std::mutex mutex_;
    std::condition_variable done_;
    std::vector<Tools> tools_;
};

std::string little_endian(std::uint32_t value) {
    std::string bytes;
    for (unsigned shift = 0; shift < 32; shift += 8) {
        bytes.push_back(static_cast<char>(value >> shift & 0xffU));
    }
    return bytes;
}

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
    std::uint32_t crc = 0;
    std::uint32_t size = 0;  ///< modulo 2^32, as the trailer wants it
};

Result<void> GzipWriter::State::start() {
    if (is_started) {
        return {};
    }
    is_started = true;
    return sink.write(std::string_view("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10));
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
    crc = static_cast<std::uint32_t>(
        crc32_combine(crc, chunk->crc, static_cast<z_off_t>(chunk->input_size))
    );
    size += static_cast<std::uint32_t>(chunk->input_size);
    spare = std::move(chunk->input);
    spare.clear();
    return sink.write(chunk->output);
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
    // An empty block of fixed codes, with BFINAL; then the trailer.
    std::string end("\x03\x00", 2);
    end += little_endian(state_->crc);
    end += little_endian(state_->size);
    return state_->sink.write(end);
}

Result<std::string> gzip_compress(std::string_view bytes, const GzipOptions& options) {
    StringSink sink;
    GzipWriter writer(sink, options);
    QUERN_CHECK(writer.write(bytes));
    QUERN_CHECK(writer.finish());
    return sink.take();
}

}  // namespace quern::archive
