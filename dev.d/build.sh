# The build: Debian packages, Passenger's source, the agent with the hooks, the module and the command.
# shellcheck shell=bash

# How many seconds an object of the agent takes to compile on one core, where it takes long (measured).
declare -A AGENT_OBJECT_SECONDS=(
    [CoreMain.o]=70 [WatchdogMain.o]=33 [CoreApplicationPool.o]=25 [CoreController.o]=25 [GangwayHooks.o]=25
    [LoggingKit.o]=10 [SpawnEnvSetupper.o]=7 [AgentFundamentals.o]=7 [jsoncpp.o]=7 [posix_api.o]=6
    [wide_posix_api.o]=6 [SystemMetricsMain.o]=6
)
AGENT=buildout/support-binaries/PassengerAgent

build_usage() {
    cat <<END
Usage: ./dev build [--preset $PRESETS_TEXT]

Installs missing Debian packages, gets Passenger's source, builds the agent with
Gangway's hooks in it, and the module, the command and the tests (default: release).
Does only what is missing or out of date.

  build/passenger/buildout/support-binaries/PassengerAgent  the agent
  build/PRESET/ext/gangway.so                               the module that it loads
  build/PRESET/bin/gangway                                  the command

With PASSENGER_SOURCE_DIR set, the hooks are added to that tree and the agent is built
in its buildout/. agent_hooks/install --remove takes them out again.

Examples:
  ./dev build
  ./dev build --preset asan
  PASSENGER_SOURCE_DIR=~/src/passenger ./dev build
  GANGWAY_DOWNLOADS=/media/stick/passenger ./dev build
END
}

build_command() {
    read_options build --preset= "$@"
    no_operands build
    build all
    say "Up to date: agent $PASSENGER/$AGENT, module and command in $BUILD/$PRESET ($(duration $SECONDS))"
}

# build TARGET…: everything that TARGET (ninja's) and a running agent need.
build() {
    build_preconditions
    take_build_lock
    get_passenger_source
    build_agent
    build_module "$@"
    exec 9>&-
}

build_without_agent() {
    build_preconditions
    take_build_lock
    build_module all
    exec 9>&-
}

build_preconditions() {
    check_preset
    need_packages "${PACKAGES_BUILD[@]}"
}

# Held on descriptor 9 until the build is through.
take_build_lock() {
    mkdir -p "$BUILD" "$LOGS"
    exec 9>"$BUILD/.lock"
    if ! flock -n 9; then
        say "Waiting for another build in $BUILD"
        flock 9
    fi
}

rake_agent() {
    (
        cd "$PASSENGER"
        unset RUBYOPT RUBYLIB BUNDLE_GEMFILE
        export LC_ALL=C.UTF-8 USE_VENDORED_LIBUV=no USE_VENDORED_LIBEV=no OPTIMIZE=yes USE_CCACHE=yes
        exec "$(find_tool rake)" "$@"
    )
}

build_agent() {
    local log=$LOGS/agent.log
    local -a pending
    "$ROOT/agent_hooks/install" --module "$BUILD/$PRESET/ext/gangway.so" "$PASSENGER" ||
        fail "the hooks could not be installed in $PASSENGER"
    rake_agent -n agent >"$log" 2>&1 9>&- || fail_with_log "Passenger's build does not start." "$log"
    mapfile -t pending < <(sed -n 's/^\*\* Execute (dry run) //p' "$log" | grep '^buildout/.*\.o$\|^buildout/.*/PassengerAgent$')
    ((${#pending[@]})) || return 0

    local objects=() file
    for file in "${pending[@]}"; do
        [[ $file != *.o ]] || objects+=("$file")
    done
    step agent "agent: ${#objects[@]} objects to compile, then the link; in $PASSENGER"
    : >"$LOGS/agent.started"
    if ! rake_agent -m "-j$JOBS" agent 2>&1 9>&- | tee "$log" | watch_agent "${objects[@]}"; then
        fail_with_log "the agent does not build." "$log"
    fi
    [ -x "$PASSENGER/$AGENT" ] || fail_with_log "the build ended without an agent." "$log"
}

# watch_agent OBJECT…: reads the build's output, shows how many objects are there and how long it will take.
watch_agent() {
    local start=$SECONDS line status total=0 object elapsed finished=0 before done_seconds running_seconds
    local speed_percent=100 # of the measured seconds
    local -A started=()
    for object in "$@"; do
        total=$((total + $(agent_object_seconds "$object")))
    done
    while :; do
        status=0
        IFS= read -r -t 1 line || status=$?
        if ((status == 0)); then
            [[ $line =~ \ -o\ (buildout/[^ ]*\.o)\  ]] && started[${BASH_REMATCH[1]}]=1
        elif ((status <= 128)); then
            break
        fi
        elapsed=$((SECONDS - start))
        before=$finished
        read -r finished done_seconds running_seconds < <(agent_work "${!started[*]}" "$@")
        if ((finished > before && done_seconds * 4 >= total)); then
            speed_percent=$((100 * elapsed * JOBS / (done_seconds + running_seconds / 2 + 1)))
        fi
        progress "$finished of $# objects, $(duration "$elapsed"), $(time_left $((total * speed_percent / 100 / JOBS - elapsed)))"
    done
    clear_progress
}

# agent_work 'BEGUN…' OBJECT…: how many objects are finished, how many seconds these take, and how many those that
# have been begun and are not finished.
agent_work() {
    local object seconds begun=" $1 " finished=0 done_seconds=0 running_seconds=0
    shift
    for object in "$@"; do
        seconds=${AGENT_OBJECT_SECONDS[${object##*/}]-1}
        if [ "$PASSENGER/$object" -nt "$LOGS/agent.started" ]; then
            finished=$((finished + 1))
            done_seconds=$((done_seconds + seconds))
        elif [[ $begun == *" $object "* ]]; then
            running_seconds=$((running_seconds + seconds))
        fi
    done
    echo "$finished $done_seconds $running_seconds"
}

agent_object_seconds() {
    echo "${AGENT_OBJECT_SECONDS[${1##*/}]-1}"
}

# build_module TARGET…: the part that CMake and ninja build.
build_module() {
    local log=$LOGS/ninja-$PRESET.log dir=$BUILD/$PRESET
    configure_module
    if ! NINJA_STATUS='[%f/%t] ' ninja -C "$dir" -j "$JOBS" "$@" 2>&1 9>&- | tee "$log" | watch_ninja; then
        clear_progress
        sed -n '/^FAILED:/,$p' "$log" | grep -v '^ *inlined from \|^In .*function ' | cut -c 1-500 | head -n 60 >&2
        fail "the module, the command or the tests do not build. The whole log: $log"
    fi
}

configure_module() {
    local log=$LOGS/cmake-$PRESET.log
    if must_configure "$BUILD/$PRESET"; then
        step module "module and command: configuring ($PRESET)"
        (cd "$ROOT" && cmake --fresh --preset "$PRESET") >"$log" 2>&1 9>&- ||
            fail_with_log "CMake cannot configure the build." "$log"
    fi
}

# must_configure FOLDER: for a new build, for other presets, and for a checkout that has been moved.
must_configure() {
    ! [ -f "$1/build.ninja" ] || [ "$ROOT/CMakePresets.json" -nt "$1/build.ninja" ] ||
        ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$ROOT" "$1/CMakeCache.txt"
}

watch_ninja() {
    local start=$SECONDS line said=no elapsed left
    while IFS= read -r line; do
        [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\ (.*) ]] || continue
        [[ ${BASH_REMATCH[3]} != *globbed\ directories* ]] || continue
        if [ $said = no ]; then
            step module "module and command: building ($PRESET)"
            said=yes
        fi
        elapsed=$((SECONDS - start))
        left=
        if ((elapsed >= 5 && BASH_REMATCH[1] >= 5)); then
            left=", $(time_left $((elapsed * (BASH_REMATCH[2] - BASH_REMATCH[1]) / BASH_REMATCH[1])))"
        fi
        progress "${BASH_REMATCH[1]} of ${BASH_REMATCH[2]}, $(duration "$elapsed")$left"
    done
    clear_progress
}

gangway_usage() {
    cat <<'END'
Usage: ./dev gangway [ARGUMENTS OF gangway]

Runs the built command, and builds it first when it is not there. Its exit code is the
command's own. ./dev gangway --help is the command's help.

Examples:
  ./dev gangway ps
  ./dev gangway request 20387 /hello -d x=1
END
}

gangway_command() {
    local gangway=$BUILD/$PRESET/bin/gangway
    if ! [ -x "$gangway" ]; then
        if [ "${1-}" = --help ] || [ "${1-}" = -h ]; then
            gangway_usage
            exit 0
        fi
        build_preconditions
        take_build_lock
        build_module bin/gangway
        exec 9>&-
    fi
    exec "$gangway" "$@"
}
