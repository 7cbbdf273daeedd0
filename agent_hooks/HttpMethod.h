#ifndef _GANGWAY_HTTP_METHOD_H_
#define _GANGWAY_HTTP_METHOD_H_

#include <Core/Controller.h>

namespace Gangway {

/** Passenger's HTTP parser changed with 6.0.21, and the name of this function with it. */
template<typename Method>
inline auto
nameOfMethod(Method method, int) -> decltype(llhttp_method_name(method)) {
	return llhttp_method_name(method);
}

template<typename Method>
inline auto
nameOfMethod(Method method, long) -> decltype(http_method_str(method)) {
	return http_method_str(method);
}

/** "GET", for as long as the agent runs. */
template<typename Method>
inline const char *
nameOfMethod(Method method) {
	return nameOfMethod(method, 0);
}

} // namespace Gangway

#endif /* _GANGWAY_HTTP_METHOD_H_ */
