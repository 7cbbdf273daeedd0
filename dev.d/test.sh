# The tests: unit and component by CTest, integration by pytest; counted from what both report.
# shellcheck shell=bash

test_usage() {
    cat <<'END'
Usage: ./dev test [--fast] [--preset debug|release|asan|tsan]

Builds, then runs all tests. The last line is "N passed, N failed"; the exit code is 0 only
if something was tested and nothing failed. A skipped test counts as failed.

  --fast      unit and component tests only: seconds, no Passenger
  --preset P  what to build and test (default: release); with asan and tsan the unit and
              component tests only, since the agent itself is built without sanitizers

Reports in JUnit's format: build/PRESET/tests-ctest.xml, build/PRESET/tests-pytest.xml

Examples:
  ./dev test
  ./dev test --fast --preset asan
END
}

test_command() {
    local fast=no
    while [ $# -gt 0 ]; do
        case "$1" in
        --fast) fast=yes; shift ;;
        --preset) need_value "$1" $# "./dev test --help"; PRESET=$2; shift 2 ;;
        --help | -h) test_usage; exit 0 ;;
        *) usage_error "test does not know '$1'" "./dev test --help" ;;
        esac
    done
    if [ "$fast" = no ] && { [ "$PRESET" = asan ] || [ "$PRESET" = tsan ]; }; then
        say "Unit and component tests only: the agent is built without sanitizers."
        fast=yes
    fi
    STEPS=6
    prepare_tests "$fast"
    local -a reports=("$BUILD/$PRESET/tests-ctest.xml")
    rm -f "$BUILD/$PRESET"/tests-*.xml
    run_ctest || true
    if [ "$fast" = no ]; then
        reports+=("$BUILD/$PRESET/tests-pytest.xml")
        run_pytest || true
    fi
    count_tests "${reports[@]}"
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
    step 5 "unit and component tests"
    ctest --test-dir "$BUILD/$PRESET" --label-regex '^(unit|component)$' --no-tests=error --output-on-failure \
        --parallel "$JOBS" --output-junit "$BUILD/$PRESET/tests-ctest.xml" </dev/null
}

run_pytest() {
    step 6 "integration tests"
    (
        cd "$ROOT"
        export GANGWAY_BUILD=$BUILD/$PRESET GANGWAY_PASSENGER_ROOT=$PASSENGER PYTHONDONTWRITEBYTECODE=1
        export PASSENGER_COMPILE_NATIVE_SUPPORT_BINARY=0 PASSENGER_DOWNLOAD_NATIVE_SUPPORT_BINARY=0
        "$(find_tool python3)" -m pytest -v test/integration --junitxml "$BUILD/$PRESET/tests-pytest.xml" </dev/null
    )
}

# count_tests REPORT…: a report that is missing, unreadable or empty is a failure.
count_tests() {
    "$(find_tool python3)" - "$@" <<'END'
import sys
import xml.etree.ElementTree as xml

passed = failed = 0
for report in sys.argv[1:]:
    try:
        suites = [xml.parse(report).getroot()]
        if suites[0].tag == "testsuites":
            suites = list(suites[0])
        cases = [case for suite in suites for case in suite.iter("testcase")]
    except (OSError, xml.ParseError) as error:
        print(f"no result in {report}: {error}")
        cases = []
    bad = 0
    for case in cases:
        # CTest also says it in `status`: run, fail, notrun, disabled.
        verdict = [part.tag for part in case if part.tag in ("failure", "error", "skipped")]
        if verdict or case.get("status", "run") != "run":
            bad += 1
            name = case.get("name").split("  # ")[0]  # CTest appends a parametrized test's GetParam()
            place = "" if case.get("classname") == case.get("name") else case.get("classname") + "::"
            print(f"{verdict[0] if verdict else case.get('status')}: {place}{name}")
    passed += len(cases) - bad
    failed += bad if cases else 1
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0 or passed == 0)
END
}
