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

  protected:
    // What is waited for, asked each time that this is about to be shown.
    virtual std::string waiting(const Transfer& transfer);

  private:
    Progress& progress_;
};

} // namespace gangway::command
