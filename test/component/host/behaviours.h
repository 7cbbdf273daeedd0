// What stand-in processes do in the tests.
#pragma once

#include "host/worker.h"

namespace gangway::test::behave {

// 200 with "PID METHOD TARGET", with or without keep-alive.
Behaviour answer_pid(bool keep_alive = true);
// 200 with the request's body, sent on while it comes in, of the length that was announced, or
// chunked.
Behaviour echo();
// Reads the whole body, then sends these bytes as they are.
Behaviour raw(std::string bytes, bool keep_alive = false);
// Sends these bytes without reading the body, and goes on reading until the peer is gone.
Behaviour answer_early(std::string bytes);
Behaviour close_at_once();
// Reads on, and never answers.
Behaviour never_answer();
// Sends these bytes and nothing more; the connection stays open until the peer is gone.
Behaviour fall_silent_after(std::string bytes);
// Sends these bytes when the gate opens.
Behaviour answer_after(std::shared_ptr<Gate> gate, std::string bytes);
// A 200 of that length in bytes that pattern() makes.
Behaviour download(std::size_t size, bool chunked);

// "HTTP/1.1 200 OK …" with Content-Length, and the Status header of the session protocol.
std::string ok(std::string_view body, std::string_view more_headers = {});
// Bytes whose order and number can be checked.
std::string pattern(std::size_t size);

} // namespace gangway::test::behave
