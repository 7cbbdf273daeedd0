// Whatever is put into a spool, in whatever pieces, comes out again.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "forward/spool.hpp"
#include "support/http_generators.hpp"
#include "support/temporary_directory.hpp"

namespace gangway::forward {
namespace {

RC_GTEST_PROP(SpoolProperties, GivesTheSameBytesBack, ()) {
    // Sizes about the bound between memory and file, and others.
    constexpr std::size_t memory = Spool::bytes_in_memory;
    const auto size = rc::gen::oneOf(random::uniform<std::size_t>(0, 100),
                                     random::uniform<std::size_t>(0, memory / 2),
                                     random::uniform<std::size_t>(memory - 2, memory + 3),
                                     random::uniform<std::size_t>(0, 3 * memory));
    const auto sizes = *rc::gen::scale(0.1, rc::gen::container<std::vector<std::size_t>>(size));
    auto state = *rc::gen::arbitrary<std::uint32_t>();
    const TemporaryDirectory directory;
    Spool spool(directory.path());
    std::string all;
    for (const std::size_t piece_size : sizes) {
        const std::size_t begin = all.size();
        all.reserve(begin + piece_size);
        for (std::size_t i = 0; i < piece_size; i++) {
            state = state * 1'664'525U + 1'013'904'223U;
            all += static_cast<char>(state >> 24);
        }
        RC_ASSERT(spool.append(std::string_view(all).substr(begin)));
    }
    RC_ASSERT(spool.size() == all.size());
    std::string_view left = all;
    for (std::string_view piece = spool.next(); !piece.empty(); piece = spool.next()) {
        RC_ASSERT(left.starts_with(piece));
        left.remove_prefix(piece.size());
    }
    RC_ASSERT(left.empty());
    RC_ASSERT(!spool.error());
    RC_ASSERT(directory.is_empty());
}

} // namespace
} // namespace gangway::forward
