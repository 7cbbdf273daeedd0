#ifndef _GANGWAY_CONFIG_FILE_H_
#define _GANGWAY_CONFIG_FILE_H_

#include <string>
#include <cstdlib>
#include <algorithm>
#include <unistd.h>
#include <jsoncpp/json.h>
#include <FileDescriptor.h>
#include <Exceptions.h>
#include <IOTools/IOUtils.h>
#include "TrustedFile.h"

#ifndef GANGWAY_MODULE_PATH
	#error "GANGWAY_MODULE_PATH must be defined: gangway.rake does"
#endif

namespace Gangway {

/**
 * The configuration file, as far as the host needs it: whether to load a module, and which. The
 * module gets the whole text and checks every key; it knows the others.
 */
struct ConfigFile {
	static const unsigned int MAX_SIZE = 1024 * 1024;

	/** Empty when there is no file. */
	std::string path;
	std::string text;
	bool enabled;
	std::string module;

	ConfigFile()
		: enabled(true),
		  module(GANGWAY_MODULE_PATH)
		{ }

private:
	static const char *defaultPath() {
		return "/etc/passenger-gangway.json";
	}

	void read() {
		int fd = TrustedFile::open(path);
		Passenger::FileDescriptor guard(fd, NULL, 0);
		std::pair<std::string, bool> contents = Passenger::readAll(fd, MAX_SIZE);
		if (!contents.second) {
			throw Passenger::RuntimeException(path + " is larger than 1 MiB");
		}
		text = contents.first;
	}

	void parse() {
		Passenger::Json::Reader reader;
		Passenger::Json::Value doc;
		if (!reader.parse(text, doc, false) || !doc.isObject()) {
			std::string message = reader.good() ? "not a JSON object"
				: reader.getFormattedErrorMessages();
			std::replace(message.begin(), message.end(), '\n', ' ');
			throw Passenger::RuntimeException(path + ": " + message);
		}
		if (doc.isMember("enabled")) {
			if (!doc["enabled"].isBool()) {
				throw Passenger::RuntimeException(path + ": \"enabled\" must be true or false");
			}
			enabled = doc["enabled"].asBool();
		}
		if (doc.isMember("module")) {
			if (!doc["module"].isString() || doc["module"].asString()[0] != '/') {
				throw Passenger::RuntimeException(path + ": \"module\" must be an absolute path");
			}
			module = doc["module"].asString();
		}
	}

public:
	/**
	 * Reads the file that $GANGWAY_CONFIG names, else the default one if it exists.
	 *
	 * @throws Passenger::RuntimeException With one line that says what is wrong.
	 */
	void load() {
		const char *fromEnvironment = getenv("GANGWAY_CONFIG");
		if (fromEnvironment != NULL && *fromEnvironment != '\0') {
			path = fromEnvironment;
		} else if (access(defaultPath(), F_OK) == 0) {
			path = defaultPath();
		} else {
			return;
		}
		read();
		parse();
	}
};

} // namespace Gangway

#endif /* _GANGWAY_CONFIG_FILE_H_ */
