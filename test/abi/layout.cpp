// NOLINTNEXTLINE(bugprone-suspicious-include): the same layout, as C++ sees it
#include "layout.c"
