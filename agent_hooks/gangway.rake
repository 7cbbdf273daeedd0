# Builds Gangway's hooks into PassengerAgent.
#
# rake loads every rakelib/*.rake of the tree that it builds, after Passenger's own files. This one adds
# an object to the agent, compiled with the very flags that build/agent.rb uses, and six --wrap options
# to its link. Nothing of Passenger's is redefined.
#
# The module's path is compiled in: $GANGWAY_MODULE, else what `install --module` recorded.

if defined?(AGENT_TARGET)
  gangway_dir = 'gangway_hooks'
  gangway_object = "#{AGENT_OUTPUT_DIR}GangwayHooks.o"
  gangway_source = "#{gangway_dir}/Hooks.cpp"
  gangway_module = ENV['GANGWAY_MODULE'] || File.read("#{gangway_dir}/module_path").strip
  gangway_wrapped = %w[
    _ZN9Passenger16ApplicationPool24Pool10initializeEv
    _ZN9Passenger16ApplicationPool24Pool18prepareForShutdownEv
    _ZN9Passenger16ApplicationPool24Pool7destroyEv
    _ZN9Passenger16ApplicationPool24Pool8asyncGetERKNS0_7OptionsERKNS0_11GetCallbackEb
    _ZN9Passenger4Core10Controller13preinitializeEv
    pthread_create
  ]

  AGENT_OBJECTS[gangway_object] = gangway_source

  define_cxx_object_compilation_task(
    gangway_object,
    gangway_source,
    lambda { {
      :include_paths => [
        "src/agent",
        gangway_dir,
        *CXX_SUPPORTLIB_INCLUDE_PATHS
      ],
      :flags => [
        agent_cflags,
        (OPTIMIZE ? '-O2' : nil), # The copy of the pool is made under its lock.
        libev_cflags,
        libuv_cflags,
        websocketpp_cflags,
        PlatformInfo.curl_flags,
        PlatformInfo.openssl_extra_cflags,
        PlatformInfo.zlib_flags,
        "-DGANGWAY_MODULE_PATH=#{Shellwords.escape("\"#{gangway_module}\"")}"
      ],
      :deps => FileList["#{gangway_dir}/**/*"] + [__FILE__] +
        (CXX_DEPENDENCY_MAP['src/agent/Core/ApplicationPool/Implementation.cpp'] || [])
    } }
  )
  file AGENT_TARGET => gangway_object

  gangway_agent_ldflags = agent_ldflags
  LET_CACHE[:agent_ldflags] = [
    gangway_agent_ldflags,
    '-ldl',
    *gangway_wrapped.map { |symbol| "-Wl,--wrap=#{symbol}" }
  ].join(' ')
end
