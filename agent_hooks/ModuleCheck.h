#ifndef _GANGWAY_MODULE_CHECK_H_
#define _GANGWAY_MODULE_CHECK_H_

#include <cstddef>
#include <string>
#include "gangway/agent_abi.h"

namespace Gangway {

/**
 * Whether a module fits an agent, as agent_abi.h has it under Compatibility: any that has the agent's
 * major version, and needs no function that the agent lacks. `hostSize` is the agent's
 * sizeof(gangway_host). The answer is empty where it fits, and continues "the module " otherwise.
 */
class ModuleCheck {
private:
	/** The last functions of each table in the first minor version of this major one. */
	static const size_t LAST_OF_MODULE = offsetof(gangway_module, stop);
	static const size_t LAST_OF_HOST = offsetof(gangway_host, log);
	/** Of a table; what is larger was never set. */
	static const size_t MAX_SIZE = 64 * 1024;

	static bool isPossible(size_t size, size_t last) {
		return size > last && size <= MAX_SIZE && size % sizeof(void *) == 0;
	}

public:
	static std::string complaint(const gangway_module *module, size_t hostSize) {
		const std::string ours = std::to_string(GANGWAY_ABI_VERSION);

		// Nothing but the version is read where it is another.
		if (module == NULL) {
			return "has no table: " GANGWAY_MODULE_ENTRY "() returned nothing";
		} else if (module->abi_version != GANGWAY_ABI_VERSION) {
			return "has ABI version " + std::to_string(module->abi_version) + ", this agent has " + ours
				+ "; build both with the same";
		} else if (!isPossible(module->struct_size, LAST_OF_MODULE)) {
			return "cannot have ABI version " + ours + ": its struct_size is "
				+ std::to_string(module->struct_size);
		} else if (!isPossible(module->host_struct_size, LAST_OF_HOST)) {
			return "cannot have ABI version " + ours + ": its host_struct_size is "
				+ std::to_string(module->host_struct_size);
		} else if (module->host_struct_size > hostSize) {
			return "needs functions that this agent lacks (ABI version " + ours + ", "
				+ std::to_string(module->host_struct_size) + " bytes of it; this agent has "
				+ std::to_string(hostSize) + "); build the agent anew from newer sources";
		} else if (module->start == NULL || module->stop == NULL) {
			return "cannot have ABI version " + ours + ": it lacks start or stop";
		} else {
			return std::string();
		}
	}
};

} // namespace Gangway

#endif /* _GANGWAY_MODULE_CHECK_H_ */
