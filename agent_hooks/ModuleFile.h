#ifndef _GANGWAY_MODULE_FILE_H_
#define _GANGWAY_MODULE_FILE_H_

#include <string>
#include <dlfcn.h>
#include <FileDescriptor.h>
#include <Exceptions.h>
#include "gangway/agent_abi.h"
#include "ModuleCheck.h"
#include "TrustedFile.h"

namespace Gangway {

/**
 * Loads the shared object and checks that its table fits this agent (ModuleCheck.h). It is never unloaded: its code may
 * have registered destructors with the C library.
 *
 * @throws Passenger::RuntimeException With one line that says what is wrong.
 */
inline const gangway_module *
loadModule(const std::string &path) {
	int fd = TrustedFile::open(path);
	Passenger::FileDescriptor guard(fd, NULL, 0);

	// What was checked is what is loaded, whatever lies at the path by now.
	std::string checked = "/proc/self/fd/" + Passenger::toString(fd);
	void *handle = dlopen(checked.c_str(), RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL) {
		std::string message = dlerror();
		std::string::size_type pos = message.find(checked);
		if (pos != std::string::npos) {
			message.replace(pos, checked.size(), path);
		}
		throw Passenger::RuntimeException(message);
	}

	gangway_module_entry_fn entry;
	*(void **) &entry = dlsym(handle, GANGWAY_MODULE_ENTRY);
	if (entry == NULL) {
		dlclose(handle);
		throw Passenger::RuntimeException(path + " is not a Gangway module: it has no symbol "
			GANGWAY_MODULE_ENTRY);
	}

	const gangway_module *module = entry();
	std::string complaint = ModuleCheck::complaint(module, sizeof(gangway_host));
	if (!complaint.empty()) {
		dlclose(handle);
		throw Passenger::RuntimeException("the module " + path + " " + complaint);
	}
	return module;
}

} // namespace Gangway

#endif /* _GANGWAY_MODULE_FILE_H_ */
