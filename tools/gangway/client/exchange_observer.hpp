// Who looks on at an exchange, to show how far it has got, say.
#pragma once

#include "gangway/client/transfer.hpp"

#include <filesystem>
#include <string_view>

namespace gangway::command {

// This one is nobody: it wants to see nothing.
class ExchangeObserver {
  public:
    ExchangeObserver() = default;
    ExchangeObserver(const ExchangeObserver&) = delete;
    ExchangeObserver& operator=(const ExchangeObserver&) = delete;
    virtual ~ExchangeObserver() = default;

    // The connection stands; `head`, as it goes over the wire, is about to be sent.
    virtual void connected(const std::filesystem::path& /*socket*/, std::string_view /*head*/) {}

    // Milliseconds until look() should be called at the latest; -1: no matter when.
    [[nodiscard]] virtual int poll_timeout_ms() const { return -1; }
    // Something has gone on, or the time is over.
    virtual void look(const Transfer& /*transfer*/) {}

    // It is over, by a Failure too.
    virtual void ended(const Transfer& /*transfer*/) {}
};

} // namespace gangway::command
