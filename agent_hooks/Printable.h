#ifndef _GANGWAY_PRINTABLE_H_
#define _GANGWAY_PRINTABLE_H_

#include <string>
#include <ostream>
#include <cstddef>
#include "gangway/agent_abi.h"

namespace Gangway {

/**
 * Text from a file, a path or an exception, for a line of Passenger's log: what is not printable
 * ASCII is written as \xHH, a backslash as two, and what is beyond 2000 bytes is left out.
 */
inline std::string
printable(const std::string &text) {
	static const char digits[] = "0123456789ABCDEF";
	static const std::size_t maxBytes = 2000;
	std::string result;

	for (std::size_t i = 0; i < text.size() && i < maxBytes; i++) {
		unsigned char c = (unsigned char) text[i];
		if (c == '\\') {
			result.append("\\\\");
		} else if (c >= 0x20 && c < 0x7f) {
			result.append(1, (char) c);
		} else {
			result.append("\\x");
			result.append(1, digits[c >> 4]);
			result.append(1, digits[c & 0xf]);
		}
	}
	if (text.size() > maxBytes) {
		result.append("...");
	}
	return result;
}

/**
 * What a module wants logged: a control character in it is written as \xHH, so that it stays one line.
 * Needs no memory. Gangway's own lines come out as they are: ext/text/printable.hpp, which also knows
 * UTF-8, has left no such character in them.
 */
struct OneLine {
	gangway_str text;

	explicit OneLine(gangway_str _text)
		: text(_text)
		{ }
};

inline std::ostream &
operator<<(std::ostream &out, const OneLine &line) {
	static const char digits[] = "0123456789ABCDEF";
	const char *rest = line.text.data, *end = rest + line.text.size;

	for (const char *p = rest; p != end; p++) {
		unsigned char c = (unsigned char) *p;
		if (c < 0x20 || c == 0x7f) {
			out.write(rest, p - rest);
			out << "\\x" << digits[c >> 4] << digits[c & 0xf];
			rest = p + 1;
		}
	}
	return out.write(rest, end - rest);
}

} // namespace Gangway

#endif /* _GANGWAY_PRINTABLE_H_ */
