#include "health/plan.hpp"
