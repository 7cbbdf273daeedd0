#ifndef _GANGWAY_TRUSTED_FILE_H_
#define _GANGWAY_TRUSTED_FILE_H_

#include <string>
#include <cerrno>
#include <cstring>
#include <cstdlib>
#include <climits>
#include <sys/types.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>
#include <FileDescriptor.h>
#include <Exceptions.h>

namespace Gangway {

/**
 * A file that decides what code runs in the agent: the module, or the configuration that names it.
 *
 * Trusted are root, the agent's own user, and the owner of the agent's binary: whoever can replace
 * the agent gains nothing by replacing the module. The file and every directory on the way to it
 * must belong to one of these, and nobody else may write to them. A directory with the sticky bit
 * (/tmp) may be writable by all, since nobody can replace another's file in it.
 */
class TrustedFile {
private:
	static bool isTrustedOwner(uid_t uid) {
		struct stat agent;
		return uid == 0
			|| uid == geteuid()
			|| (stat("/proc/self/exe", &agent) == 0 && uid == agent.st_uid);
	}

	/** Empty when it is fine, else what is wrong with it. */
	static std::string complaint(const std::string &path, const struct stat &info) {
		mode_t othersMayWrite = info.st_mode & (S_IWGRP | S_IWOTH);

		if (!isTrustedOwner(info.st_uid)) {
			return path + " belongs to uid " + Passenger::toString(info.st_uid)
				+ ", who is neither root, nor the agent's user, nor the owner of the agent's binary";
		} else if (othersMayWrite && !(S_ISDIR(info.st_mode) && (info.st_mode & S_ISVTX))) {
			return path + " is writable by others than its owner; chmod go-w it";
		} else {
			return std::string();
		}
	}

	static void checkDirectories(std::string path) {
		while (path.size() > 1) {
			std::string::size_type slash = path.rfind('/');
			path.erase(slash == 0 ? 1 : slash);

			struct stat info;
			if (lstat(path.c_str(), &info) == -1) {
				int e = errno;
				throw Passenger::RuntimeException("cannot inspect " + path + ": " + strerror(e));
			}
			std::string wrong = complaint(path, info);
			if (!wrong.empty()) {
				throw Passenger::RuntimeException(wrong);
			}
		}
	}

public:
	/**
	 * Opens the file for reading and checks what was opened, so that it cannot be exchanged between
	 * check and use. The descriptor is close-on-exec.
	 *
	 * @throws Passenger::RuntimeException With one line that says what is wrong.
	 */
	static int open(const std::string &path) {
		char resolved[PATH_MAX];
		if (realpath(path.c_str(), resolved) == NULL) {
			int e = errno;
			throw Passenger::RuntimeException(path + ": " + strerror(e));
		}

		int fd = ::open(resolved, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (fd == -1) {
			int e = errno;
			throw Passenger::RuntimeException(path + ": " + strerror(e));
		}
		Passenger::FileDescriptor guard(fd, NULL, 0);

		struct stat info;
		if (fstat(fd, &info) == -1 || !S_ISREG(info.st_mode)) {
			throw Passenger::RuntimeException(path + " is not a regular file");
		}
		std::string wrong = complaint(resolved, info);
		if (!wrong.empty()) {
			throw Passenger::RuntimeException(wrong);
		}
		checkDirectories(resolved);
		return guard.detach();
	}
};

} // namespace Gangway

#endif /* _GANGWAY_TRUSTED_FILE_H_ */
