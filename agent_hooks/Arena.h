#ifndef _GANGWAY_ARENA_H_
#define _GANGWAY_ARENA_H_

#include <cstddef>
#include <cstring>
#include "gangway/agent_abi.h"

namespace Gangway {

inline gangway_str
toAbi(const char *data, size_t size) {
	gangway_str result;
	result.data = data;
	result.size = size;
	return result;
}

/**
 * Hands out pieces of the caller's buffer, which is aligned as for malloc(). Counts on when the buffer
 * is full, so that the size that would have been enough is known at the end.
 */
class Arena {
private:
	char *base;
	size_t capacity;
	size_t used;

public:
	Arena(void *_base, size_t _capacity)
		: base(static_cast<char *>(_base)),
		  capacity(_capacity),
		  used(0)
		{ }

	/** Aligned for anything. NULL when there is no room for it. */
	template<typename T>
	T *allocate(size_t count) {
		const size_t alignment = alignof(std::max_align_t);
		used = (used + alignment - 1) / alignment * alignment;
		size_t begin = used;
		used += count * sizeof(T);
		return used <= capacity ? reinterpret_cast<T *>(base + begin) : NULL;
	}

	gangway_str store(const char *data, size_t size) {
		size_t begin = used;
		used += size;
		if (used > capacity) {
			return toAbi(NULL, 0);
		}
		if (size > 0) {
			memcpy(base + begin, data, size);
		}
		return toAbi(base + begin, size);
	}

	size_t size() const {
		return used;
	}

	bool overflown() const {
		return used > capacity;
	}
};

} // namespace Gangway

#endif /* _GANGWAY_ARENA_H_ */
