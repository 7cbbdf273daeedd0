// What a process answers, on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace gangway::command {

// Shows text piece by piece as it comes: in lines, with tabs, and everything else printable()
// (base/printable.hpp), so that nothing in it acts on the terminal.
class TerminalText {
  public:
    [[nodiscard]] std::string feed(std::string_view piece);
    // What is left of a character that was cut off.
    [[nodiscard]] std::string finish();

  private:
    std::string cut_; // the begin of a character, whose rest has not come
};

} // namespace gangway::command
