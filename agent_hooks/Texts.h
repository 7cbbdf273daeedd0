#ifndef _GANGWAY_TEXTS_H_
#define _GANGWAY_TEXTS_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <vector>
#include "Arena.h"

namespace Gangway {

/** Memory for many small texts, which stay where they are until all of them go. */
class Texts {
private:
	enum { BLOCK = 32 * 1024 };

	std::vector< std::unique_ptr<char[]> > blocks;
	/** Of the last block. */
	char *next;
	size_t left;

public:
	Texts()
		: next(NULL),
		  left(0)
		{ }

	gangway_str store(const gangway_str &text) {
		char *copy = allocate(text.size);
		memcpy(copy, text.data, text.size);
		return toAbi(copy, text.size);
	}

	/** Never NULL. Throws std::bad_alloc. */
	char *allocate(size_t size) {
		if (size > left || next == NULL) {
			size_t capacity = std::max<size_t>(size, (size_t) BLOCK);
			blocks.push_back(std::unique_ptr<char[]>(new char[capacity]));
			next = blocks.back().get();
			left = capacity;
		}
		char *result = next;
		next += size;
		left -= size;
		return result;
	}
};

} // namespace Gangway

#endif /* _GANGWAY_TEXTS_H_ */
