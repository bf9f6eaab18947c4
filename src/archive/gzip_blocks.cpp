// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/gzip_blocks.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

// Only the lengths of codes matter here, not what they stand for: a step of a table is the number
// of bits of a code and of the extra bits behind it, and whether a distance follows. The tables are
// small because each block needs new ones, and the making of a larger one costs more than its rarer
// misses save. Codes longer than the index are decoded bit by bit.

namespace quern::archive {
namespace {

constexpr unsigned max_code_length = 15;
constexpr unsigned end_of_block = 256;

/// What stands behind the bits that an entry of a table takes.
enum class After : std::uint8_t { symbol, distance, end, long_code, invalid };

struct Step {
    std::uint8_t bits = 0;
    After after = After::invalid;
};

std::uint64_t load_word(const std::uint8_t* bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof(word));
    if constexpr (std::endian::native == std::endian::big) {
        word = __builtin_bswap64(word);
    }
    return word;
}

/// Bits in the order of deflate. Behind the end come zeros; `is_past_end` says that some were
/// taken.
class BitReader {
 public:
    explicit BitReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    /// At least 56 bits from the current place; enough for a literal or length and its distance.
    std::uint64_t peek() const {
        const std::size_t byte = position_ / 8;
        if (byte + sizeof(std::uint64_t) <= bytes_.size()) {
            return load_word(bytes_.data() + byte) >> (position_ % 8);
        }
        std::uint64_t word = 0;
        for (std::size_t index = byte; index < bytes_.size(); ++index) {
            word |= std::uint64_t{bytes_[index]} << (8 * (index - byte));
        }
        return word >> (position_ % 8);
    }
    void drop(std::size_t bits) { position_ += bits; }
    unsigned take(unsigned bits) {
        const auto value = static_cast<unsigned>(peek() & ((1U << bits) - 1));
        drop(bits);
        return value;
    }
    void align() { position_ = (position_ + 7) / 8 * 8; }
    std::size_t position() const { return position_; }
    std::span<const std::uint8_t> bytes() const { return bytes_; }
    bool is_past_end() const { return position_ > bytes_.size() * 8; }

 private:
    std::span<const std::uint8_t> bytes_;
    std::size_t position_ = 0;
};

/// The next bits in a register: for the inner loop, where to load them anew for each code would
/// cost most of the time.
class BitBuffer {
 public:
    explicit BitBuffer(const BitReader& reader)
        : bytes_(reader.bytes()), next_((reader.position() + 7) / 8) {
        count_ = static_cast<unsigned>(next_ * 8 - reader.position());
        const bool has_rest = count_ != 0 && next_ <= bytes_.size();
        bits_ = has_rest ? std::uint64_t{bytes_[next_ - 1]} >> (8 - count_) : 0;
    }
    /// Makes it 56 bits or more; false near the end.
    bool refill() {
        if (next_ + sizeof(std::uint64_t) > bytes_.size()) {
            return false;
        }
        bits_ |= load_word(bytes_.data() + next_) << count_;
        next_ += (63 - count_) / 8;
        count_ |= 56U;
        return true;
    }
    std::uint64_t bits() const { return bits_; }
    void drop(unsigned bits) {
        bits_ >>= bits;
        count_ -= bits;
    }
    std::size_t position() const { return next_ * 8 - count_; }

 private:
    std::span<const std::uint8_t> bytes_;
    std::size_t next_;
    std::uint64_t bits_ = 0;
    unsigned count_ = 0;
};

/// Canonical Huffman code by counting: for codes that the table does not reach and for building it.
/// Source: RFC 1951 3.2.2.
class CanonicalCode {
 public:
    /// False if more codes are asked for than there are.
    bool assign(std::span<const std::uint8_t> lengths) {
        counts_.fill(0);
        for (const std::uint8_t length : lengths) {
            ++counts_[length];
        }
        counts_[0] = 0;
        int left = 1;
        std::array<std::uint16_t, max_code_length + 2> starts{};
        for (unsigned length = 1; length <= max_code_length; ++length) {
            left = 2 * left - counts_[length];
            if (left < 0) {
                return false;
            }
            starts[length + 1] = static_cast<std::uint16_t>(starts[length] + counts_[length]);
        }
        for (unsigned symbol = 0; symbol < lengths.size(); ++symbol) {
            if (lengths[symbol] != 0) {
                symbols_[starts[lengths[symbol]]++] = static_cast<std::uint16_t>(symbol);
            }
        }
        return true;
    }

    struct Decoded {
        unsigned symbol;
        unsigned length;  ///< 0: no code has these bits
    };
    Decoded decode(std::uint64_t bits) const {
        unsigned code = 0;
        unsigned first = 0;
        unsigned index = 0;
        for (unsigned length = 1; length <= max_code_length; ++length, bits >>= 1U) {
            code |= static_cast<unsigned>(bits & 1U);
            const unsigned count = counts_[length];
            if (code < first + count) {
                return {symbols_[index + code - first], length};
            }
            index += count;
            first = (first + count) * 2;
            code *= 2;
        }
        return {0, 0};
    }
    /// Calls `visit(symbol, code, length)` for every code; the first bit of the code is its lowest.
    template <typename Visit>
    void for_each(const Visit& visit) const {
        unsigned code = 0;
        unsigned index = 0;
        for (unsigned length = 1; length <= max_code_length; ++length) {
            for (unsigned count = counts_[length]; count != 0; --count) {
                visit(symbols_[index++], code, length);
                // Adds 1 from the other end.
                unsigned bit = 1U << (length - 1);
                for (; (code & bit) != 0; bit >>= 1U) {
                    code ^= bit;
                }
                code |= bit;
            }
        }
    }

 private:
    std::array<std::uint16_t, max_code_length + 1> counts_{};
    std::array<std::uint16_t, 288> symbols_{};
};

/// Extra bits behind a length symbol; -1 for the two that do not exist. Source: RFC 1951 3.2.5.
int length_extra_bits(unsigned symbol) {
    if (symbol < 265 || symbol == 285) {
        return 0;
    }
    return symbol < 285 ? static_cast<int>((symbol - 261) / 4) : -1;
}

int distance_extra_bits(unsigned symbol) {
    if (symbol < 4) {
        return 0;
    }
    return symbol < 30 ? static_cast<int>((symbol - 2) / 2) : -1;
}

Step literal_step(unsigned symbol, unsigned length) {
    if (symbol < end_of_block) {
        return {static_cast<std::uint8_t>(length), After::symbol};
    }
    if (symbol == end_of_block) {
        return {static_cast<std::uint8_t>(length), After::end};
    }
    const int extra = length_extra_bits(symbol);
    if (extra < 0) {
        return {0, After::invalid};
    }
    return {static_cast<std::uint8_t>(length + static_cast<unsigned>(extra)), After::distance};
}

Step distance_step(unsigned symbol, unsigned length) {
    const int extra = distance_extra_bits(symbol);
    if (extra < 0) {
        return {0, After::invalid};
    }
    return {static_cast<std::uint8_t>(length + static_cast<unsigned>(extra)), After::symbol};
}

/// A code with a table over its first `index_bits` bits. `make_step` gives the step of a symbol.
template <unsigned index_bits, Step (*make_step)(unsigned, unsigned)>
class StepTable {
 public:
    bool assign(std::span<const std::uint8_t> lengths) {
        if (!code_.assign(lengths)) {
            return false;
        }
        steps_.fill({0, After::long_code});
        code_.for_each([this](unsigned symbol, unsigned bits, unsigned length) {
            const Step step = make_step(symbol, length);
            const std::size_t stride = std::size_t{1} << length;
            for (std::size_t index = bits; length <= index_bits && index < size; index += stride) {
                steps_[index] = step;
            }
        });
        return true;
    }
    /// What the table knows: After::long_code if the code is not in it.
    Step short_step(std::uint64_t bits) const { return steps_[bits & (size - 1)]; }
    Step step(std::uint64_t bits) const {
        const Step found = short_step(bits);
        return found.after == After::long_code ? long_step(bits) : found;
    }

 private:
    static constexpr std::size_t size = std::size_t{1} << index_bits;

    Step long_step(std::uint64_t bits) const {
        const auto [symbol, length] = code_.decode(bits);
        return length == 0 ? Step{0, After::invalid} : make_step(symbol, length);
    }

    CanonicalCode code_;
    std::array<Step, size> steps_{};
};

class DeflateWalker {
 public:
    explicit DeflateWalker(std::span<const std::uint8_t> stream) : bits_(stream) {}

    std::optional<DeflateEnd> walk() {
        for (;;) {
            const std::size_t block = bits_.position();
            const bool is_last = bits_.take(1) == 1;
            const unsigned type = bits_.take(2);
            const bool is_good = type == 0   ? walk_stored()
                                 : type == 1 ? assign_fixed() && walk_symbols()
                                 : type == 2 ? assign_dynamic() && walk_symbols()
                                             : false;
            if (!is_good || bits_.is_past_end()) {
                return std::nullopt;
            }
            if (is_last) {
                return DeflateEnd{block, bits_.position()};
            }
        }
    }

 private:
    bool walk_stored() {
        bits_.align();
        const unsigned size = bits_.take(16);
        const unsigned complement = bits_.take(16);
        bits_.drop(std::size_t{8} * size);
        return (size ^ complement) == 0xffff;
    }

    bool assign_fixed() {
        std::array<std::uint8_t, 288> lengths;
        std::fill_n(lengths.begin(), 144, std::uint8_t{8});
        std::fill_n(lengths.begin() + 144, 112, std::uint8_t{9});
        std::fill_n(lengths.begin() + 256, 24, std::uint8_t{7});
        std::fill_n(lengths.begin() + 280, 8, std::uint8_t{8});
        std::array<std::uint8_t, 30> distance_lengths;
        distance_lengths.fill(5);
        return assign(lengths, distance_lengths);
    }

    bool assign_dynamic() {
        const unsigned literal_count = bits_.take(5) + 257;
        const unsigned distance_count = bits_.take(5) + 1;
        const unsigned code_count = bits_.take(4) + 4;
        if (literal_count > 286) {
            return false;
        }
        constexpr std::array<std::uint8_t, 19> order{
            16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
        std::array<std::uint8_t, 19> code_lengths{};
        for (unsigned index = 0; index < code_count; ++index) {
            code_lengths[order[index]] = static_cast<std::uint8_t>(bits_.take(3));
        }
        CanonicalCode code;
        std::array<std::uint8_t, 286 + 32> lengths{};
        const auto used = std::span(lengths).first(literal_count + distance_count);
        return code.assign(code_lengths) && read_lengths(code, used) &&
               assign(used.first(literal_count), used.subspan(literal_count));
    }

    bool read_lengths(const CanonicalCode& code, std::span<std::uint8_t> lengths) {
        for (std::size_t filled = 0; filled < lengths.size();) {
            const auto [symbol, length] = code.decode(bits_.peek());
            if (length == 0) {
                return false;
            }
            bits_.drop(length);
            std::uint8_t value = 0;
            std::size_t count = 1;
            if (symbol < 16) {
                value = static_cast<std::uint8_t>(symbol);
            } else if (symbol == 16) {
                if (filled == 0) {
                    return false;
                }
                value = lengths[filled - 1];
                count = 3 + bits_.take(2);
            } else {
                count = symbol == 17 ? 3 + bits_.take(3) : 11 + bits_.take(7);
            }
            if (count > lengths.size() - filled) {
                return false;
            }
            std::fill_n(lengths.begin() + static_cast<std::ptrdiff_t>(filled), count, value);
            filled += count;
        }
        return true;
    }

    bool assign(
        std::span<const std::uint8_t> lengths, std::span<const std::uint8_t> distance_lengths
    ) {
        if (!literals_.assign(lengths) || !distances_.assign(distance_lengths)) {
            return false;
        }
        return true;
    }

    bool walk_symbols() {
        for (;;) {
            walk_common_symbols();
            std::uint64_t bits = bits_.peek();
            const Step step = literals_.step(bits);
            bits_.drop(step.bits);
            if (step.after == After::distance) {
                bits >>= step.bits;
                const Step distance = distances_.step(bits);
                if (distance.after != After::symbol) {
                    return false;
                }
                bits_.drop(distance.bits);
            } else if (step.after != After::symbol) {
                return step.after == After::end;
            }
            if (bits_.is_past_end()) {
                return false;
            }
        }
    }

    /// Goes on to the first code that the tables do not know, the end of the block, or near the
    /// last bytes.
    void walk_common_symbols() {
        BitBuffer buffer(bits_);
        std::size_t position = bits_.position();
        while (buffer.refill()) {
            position = buffer.position();
            Step step = literals_.short_step(buffer.bits());
            if (step.after == After::symbol) {
                buffer.drop(step.bits);
                position = buffer.position();
                step = literals_.short_step(buffer.bits());
                if (step.after == After::symbol) {
                    buffer.drop(step.bits);
                    continue;
                }
            }
            if (step.after != After::distance) {
                break;
            }
            buffer.drop(step.bits);
            const Step distance = distances_.short_step(buffer.bits());
            if (distance.after != After::symbol) {
                break;
            }
            buffer.drop(distance.bits);
            position = buffer.position();
        }
        bits_.drop(position - bits_.position());
    }

    BitReader bits_;
    StepTable<11, &literal_step> literals_;
    StepTable<9, &distance_step> distances_;
};

}  // namespace

std::optional<DeflateEnd> find_deflate_end(std::span<const std::uint8_t> stream) {
    return DeflateWalker(stream).walk();
}

}  // namespace quern::archive
