// Descriptors 0 to 2 belong to standard input, output and error, whoever has started the command.
#pragma once

namespace gangway::command {

// Opens /dev/null in place of those that are closed. Otherwise the next file or socket to be opened
// would get the number, and what is written to standard output would go there. To be called before
// anything else is opened. False where that fails: nothing may be opened then.
[[nodiscard]] bool open_standard_descriptors();

} // namespace gangway::command
