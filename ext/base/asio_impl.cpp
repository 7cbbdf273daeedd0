// The one translation unit that holds Asio's and Beast's own code (…_SEPARATE_COMPILATION).
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
