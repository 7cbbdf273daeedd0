// An exchange as a line of progress.
#pragma once

#include "gangway/client/exchange_observer.hpp"
#include "gangway/view/progress.hpp"

namespace gangway::command {

class TransferProgress : public ExchangeObserver {
  public:
    // `progress` must outlive this.
    explicit TransferProgress(Progress& progress) : progress_(progress) {}

    [[nodiscard]] int poll_timeout_ms() const override;
    void look(const Transfer& transfer) override;

  private:
    Progress& progress_;
};

} // namespace gangway::command
