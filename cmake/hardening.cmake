# What makes a mistake of ours harder to use for whoever finds it: the module runs in a server that
# may be root's. What came of it is looked at by test/integration/test_installed_files.py.
include(CheckCXXCompilerFlag)

# Control flow is protected by each architecture in its own way.
set(flags -fstack-protector-strong -fstack-clash-protection)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "86")
  list(APPEND flags -fcf-protection=full)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  list(APPEND flags -mbranch-protection=standard)
endif()
foreach(flag ${flags})
  string(MAKE_C_IDENTIFIER "GANGWAY_HAS${flag}" known)
  check_cxx_compiler_flag(${flag} ${known})
  if(${known})
    target_compile_options(gangway_build_flags INTERFACE ${flag})
  endif()
endforeach()

# The standard library checks indices, iterators and emptiness: an agent that ends is better than
# one that reads what is not its own.
target_compile_definitions(gangway_build_flags INTERFACE _GLIBCXX_ASSERTIONS)
if(NOT GANGWAY_SANITIZE)
  # Needs optimization; the sanitizers have their own. 3 is understood from GCC 12 on.
  target_compile_definitions(gangway_build_flags INTERFACE
    $<$<OR:$<CONFIG:RelWithDebInfo>,$<CONFIG:Release>>:_FORTIFY_SOURCE=3>)
endif()

target_link_options(gangway_build_flags INTERFACE
  LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack LINKER:-z,separate-code)
