// What a fuzz target is made of: one function that takes any bytes, and ends the program where what
// it calls breaks its word. With libFuzzer each target is a program; in fuzz_corpus_tests, which
// any compiler builds, all of them are tests over the kept corpus.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace gangway::fuzz {

// Ends the program, as a find, when a promise was not kept.
inline void require(bool kept, const char* promise) {
    if (!kept) {
        std::fprintf(stderr, "broken promise: %s\n", promise);
        std::abort();
    }
}

// Takes an input apart. What it asks for beyond the end is zeros and empty texts.
class Input {
  public:
    explicit Input(std::string_view bytes) : bytes_(bytes) {}

    std::uint8_t byte() {
        if (bytes_.empty()) {
            return 0;
        }
        const char first = bytes_.front();
        bytes_.remove_prefix(1);
        return static_cast<std::uint8_t>(first);
    }
    bool flag() { return (byte() & 1U) != 0; }
    std::uint64_t number() {
        std::uint64_t result = 0;
        for (unsigned i = 0; i < 8; i++) {
            result = result << 8U | byte();
        }
        return result;
    }
    // Up to the next line feed, which goes too: what is kept of the corpus can be read by people.
    std::string_view line() { return until('\n'); }
    // Up to the next such character.
    std::string_view until(char end) {
        const std::string_view text = bytes_.substr(0, bytes_.find(end));
        bytes_.remove_prefix(text.size() < bytes_.size() ? text.size() + 1 : text.size());
        return text;
    }
    std::string_view rest() const { return bytes_; }
    bool empty() const { return bytes_.empty(); }

  private:
    std::string_view bytes_;
};

using Target = void (*)(std::string_view bytes);

struct NamedTarget {
    const char* name;
    Target target;
};

// Those of the program that tests the corpus.
inline std::vector<NamedTarget>& targets() {
    static std::vector<NamedTarget> all;
    return all;
}

inline bool add_target(const char* name, Target target) {
    targets().push_back({name, target});
    return true;
}

} // namespace gangway::fuzz

// Behind it comes the body of a function of `std::string_view bytes`. Once a file, outside of every
// namespace.
#ifdef GANGWAY_LIBFUZZER
#define GANGWAY_FUZZ_TARGET(name)                                                                  \
    static void fuzz_target(std::string_view bytes);                                               \
    extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {            \
        fuzz_target({reinterpret_cast<const char*>(data), size});                                  \
        return 0;                                                                                  \
    }                                                                                              \
    static void fuzz_target(std::string_view bytes)
#else
#define GANGWAY_FUZZ_TARGET(name)                                                                  \
    static void run_##name(std::string_view bytes);                                                \
    static const bool knows_##name = gangway::fuzz::add_target(#name, run_##name);                 \
    static void run_##name([[maybe_unused]] std::string_view bytes)
#endif
