#include "gangway/view/progress_text.hpp"

#include "gangway/base/human_units.hpp"

#include <algorithm>
#include <optional>

namespace gangway::command {

namespace {

double rate(std::uint64_t count, std::chrono::duration<double> elapsed) {
    return elapsed.count() > 0 ? static_cast<double>(count) / elapsed.count() : 0;
}

// "12.0 MiB of 96.0 MiB (12%), 4.0 MiB/s"
std::string direction(std::uint64_t bytes, const std::optional<std::uint64_t>& announced,
                      std::chrono::duration<double> elapsed) {
    std::string text = human_bytes(bytes);
    if (announced && *announced > 0) {
        const double part = static_cast<double>(bytes) / static_cast<double>(*announced);
        const auto percent = static_cast<unsigned>(std::min(part, 1.0) * 100);
        text += " of " + human_bytes(*announced) + " (" + std::to_string(percent) + "%)";
    }
    return text + ", " + human_bytes(static_cast<std::uint64_t>(rate(bytes, elapsed))) + "/s";
}

} // namespace

std::string transfer_text(const Transfer& transfer, std::chrono::duration<double> elapsed,
                          const std::string& waiting) {
    std::string text = human_duration(elapsed.count());
    if (transfer.sent > 0) {
        text += ", sent " + direction(transfer.sent, transfer.sent_announced, elapsed);
    }
    if (transfer.received > 0) {
        return text + ", received " +
               direction(transfer.received, transfer.received_announced, elapsed);
    }
    return text + ", " + waiting;
}

std::string series_text(std::uint64_t done, std::uint64_t planned, std::uint64_t failed,
                        std::chrono::duration<double> elapsed) {
    return human_duration(elapsed.count()) + ", " + std::to_string(done) + " of " +
           std::to_string(planned) + " requests, " + fixed_decimal(rate(done, elapsed), 1) + "/s" +
           (failed > 0 ? ", " + std::to_string(failed) + " failed" : "");
}

std::string health_text(std::uint64_t checked, std::uint64_t not_healthy,
                        std::chrono::duration<double> elapsed) {
    return human_duration(elapsed.count()) + ", " + std::to_string(checked) +
           (checked == 1 ? " process" : " processes") + " checked" +
           (not_healthy > 0 ? ", " + std::to_string(not_healthy) + " not healthy" : "");
}

} // namespace gangway::command
