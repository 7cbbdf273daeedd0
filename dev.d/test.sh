# The tests: unit and component by CTest, integration by pytest; counted from what both report.
# shellcheck shell=bash

test_usage() {
    cat <<END
Usage: ./dev test [--fast] [--preset $PRESETS_TEXT]

Builds, then runs all tests. The last line is "N passed, N failed"; the exit code is 0 only
if something was tested and nothing failed. A skipped test counts as failed.

  --fast      unit and component tests only: seconds, no Passenger
  --preset P  what to build and test (default: release); with asan and tsan the unit and
              component tests only, since the agent itself is built without sanitizers

Reports in JUnit's format: build/PRESET/tests-ctest.xml, build/PRESET/tests-pytest/

Examples:
  ./dev test
  ./dev test --fast --preset asan
END
}

test_command() {
    local fast
    local -a files=() reports
    read_options test '--fast --preset=' "$@"
    no_operands test
    fast=${OPTIONS[--fast]-no}
    if [ "$fast" = no ] && ! preset_is_for_the_agent; then
        say "Unit and component tests only: the agent is built without sanitizers."
        fast=yes
    fi
    prepare_tests "$fast"
    rm -rf "$BUILD/$PRESET"/tests-*
    run_ctest || true
    reports=("$BUILD/$PRESET/tests-ctest.xml")
    if [ "$fast" = no ]; then
        collect_pytest
        mapfile -t files <"$BUILD/$PRESET/tests-pytest.files"
        mapfile -t -O 1 reports < <(pytest_reports "${files[@]}")
        run_pytest "${files[@]}" || true
    fi
    # A report that is missing, unreadable or empty is a failure.
    "$(find_tool python3)" "$ROOT/dev.d/count_tests.py" "${reports[@]}"
}

# prepare_tests FAST: the agent takes minutes to build and is not needed for the fast ones.
prepare_tests() {
    local -a packages=("${PACKAGES_BUILD[@]}" python3)
    if [ "$1" = no ]; then
        packages+=("${PACKAGES_RUN[@]}" "${PACKAGES_TEST[@]}")
        [ -n "$(find_node)" ] || packages+=(nodejs)
    fi
    need_packages "${packages[@]}"
    if [ "$1" = no ]; then
        build all
    else
        build_without_agent
    fi
}

run_ctest() {
    step fast "unit and component tests"
    ctest --test-dir "$BUILD/$PRESET" --label-regex '^(unit|component)$' --no-tests=error --output-on-failure \
        --parallel "$JOBS" --output-junit "$BUILD/$PRESET/tests-ctest.xml" </dev/null
}

pytest_environment() {
    export GANGWAY_BUILD=$BUILD/$PRESET GANGWAY_PASSENGER_ROOT=$PASSENGER PYTHONDONTWRITEBYTECODE=1
}

# The files with tests, in the order in which they shall begin, into tests-pytest.files.
collect_pytest() {
    local list=$BUILD/$PRESET/tests-pytest.list
    pytest_environment
    (cd "$ROOT" && "$(find_tool python3)" -m pytest --collect-only -q test/integration >"$list") ||
        fail_with_log "the tests cannot be collected." "$list"
    sed -n 's/^\(.*\.py\)::.*/\1/p' "$list" | awk '!seen[$0]++' >"$BUILD/$PRESET/tests-pytest.files"
}

# run_pytest FILE…: a process of its own for each file, whose tests share agents. Most of them wait for most of their
# time, so two at a time fit on a processor.
run_pytest() {
    local workers=$((JOBS < 4 ? JOBS * 2 : 8))
    step integration "integration tests, $workers files at a time"
    mkdir -p "$BUILD/$PRESET/tests-pytest"
    pytest_environment
    export BUILD PRESET ROOT
    export -f pytest_file pytest_reports
    printf '%s\0' "$@" |
        xargs -0 -P "$workers" -I '{}' bash -c 'pytest_file "$@"' pytest_file "$(find_tool python3)" '{}'
}

# pytest_reports FILE…: where the reports of these are, a line each.
pytest_reports() {
    local file
    for file in "$@"; do
        file=${file##*/}
        echo "$BUILD/$PRESET/tests-pytest/${file%.py}.xml"
    done
}

# pytest_file PYTHON FILE: what it says is shown in one piece.
pytest_file() {
    local report
    report=$(pytest_reports "$2")
    cd "$ROOT" || return 1
    "$1" -m pytest -v "test/integration/${2##*/}" --junitxml "$report" </dev/null >"$report.log" 2>&1 || true
    cat "$report.log"
}
