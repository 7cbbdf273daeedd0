// Memory runs out at every point at which the module asks for some: what it was at may fail, but
// nothing else does, and nothing is left behind.
#include "fixture.h"

#include "scarce_memory/scarce_memory.h"

#include <filesystem>

namespace gangway::test {

namespace {

constexpr std::int64_t first_pid = 5'000'001; // Beyond what Linux gives.
constexpr unsigned most_allocations = 5000;

} // namespace

struct Shortage {
    unsigned failures; // in a row
    Memory which;
};

void PrintTo(const Shortage& shortage, std::ostream* out) {
    *out << shortage.failures << (shortage.which == Memory::any ? "" : " of operator new");
}

class OutOfMemory : public ModuleTest, public ::testing::WithParamInterface<Shortage> {
  protected:
    // Does the same again and again, and lets memory run out one allocation later each time, until
    // it does not any more.
    template <class Deed, class Then>
    void wherever_it_runs_out(Deed deed, Then then) {
        unsigned before = 0;
        for (bool failed = true; failed; ++before) {
            ASSERT_LT(before, most_allocations) << "There is no end to it.";
            {
                const ScarceMemory memory(before, GetParam().failures, GetParam().which);
                deed();
                failed = ScarceMemory::has_failed();
            }
            then();
            ASSERT_FALSE(HasFailure()) << "after " << before << " allocations";
        }
        EXPECT_GT(before, 5U) << "Nothing failed.";
    }
    // What comes of it is not said; that something does, is.
    void ask(const Request& request) const {
        try {
            static_cast<void>(send(request));
        } catch (const ClientError& error) {
            EXPECT_EQ(std::string(error.what()).find("within the bound"), std::string::npos)
                << error.what();
        }
    }
    void expect_all_well() {
        ASSERT_TRUE(host().wait_for_sessions(0));
        ASSERT_TRUE(eventually([&] { return host().references() == 0; }));
        ASSERT_EQ(get("/v1/pool").status, 200);
    }
    void wherever_it_runs_out_of_memory_for(const Request& request) {
        wherever_it_runs_out([&] { ask(request); }, [&] { expect_all_well(); });
    }
};

TEST_P(OutOfMemory, AtTheStart) {
    std::string error;
    const auto begin = [&] { error = host().start({}); };
    wherever_it_runs_out(begin, [&] {
        if (error.empty()) {
            EXPECT_EQ(get("/v1/pool").status, 200);
            host().stop();
        }
        EXPECT_FALSE(std::filesystem::exists(socket_path()));
    });
}

TEST_P(OutOfMemory, InAListing) {
    worker(first_pid, behave::answer_pid());
    start();
    wherever_it_runs_out_of_memory_for({"GET", "/v1/processes"});
}

TEST_P(OutOfMemory, InARequestToAProcess) {
    worker(first_pid, behave::answer_pid());
    start();
    wherever_it_runs_out_of_memory_for({"GET", request_path(first_pid)});
}

TEST_P(OutOfMemory, InARequestWithABodyThatIsSpooled) {
    worker(first_pid, behave::echo());
    start();
    wherever_it_runs_out_of_memory_for(
        {"POST", request_path(first_pid), {}, std::string(100'000, 'x'), true});
}

TEST_P(OutOfMemory, InACheckOfOneProcess) {
    worker(first_pid, behave::answer_pid());
    start();
    wherever_it_runs_out_of_memory_for(
        {"GET", "/v1/processes/" + std::to_string(first_pid) + "/health"});
}

TEST_P(OutOfMemory, InChecksOfMany) {
    for (std::int64_t pid = first_pid; pid < first_pid + 3; ++pid) {
        worker(pid, behave::answer_pid());
    }
    start();
    wherever_it_runs_out_of_memory_for({"POST", "/v1/health", {}, "{}"});
    wherever_it_runs_out_of_memory_for(
        {"POST", "/v1/health", {{"Accept", "application/x-ndjson"}}, R"({"concurrency": 2})"});
}

TEST_P(OutOfMemory, InContinuousChecks) {
    std::vector<std::shared_ptr<Process>> processes;
    for (std::int64_t pid = first_pid; pid < first_pid + 3; ++pid) {
        processes.push_back(worker(pid, behave::answer_pid()));
    }
    start(R"({"health": [{"group": "*", "interval_seconds": 0.02, "timeout_seconds": 5}]})");
    for (unsigned before = 0; before < 40; ++before) {
        {
            const ScarceMemory memory(before, GetParam().failures, GetParam().which);
            ASSERT_TRUE(eventually([] { return ScarceMemory::has_failed(); }));
        }
        for (const auto& process : processes) {
            const std::uint32_t processed = host().processed(*process);
            ASSERT_TRUE(eventually([&] { return host().processed(*process) > processed + 1; }))
                << process->pid << " is not checked any more, after " << before << " allocations";
        }
        ASSERT_EQ(get("/v1/health").status, 200);
    }
    host().stop();
}

TEST_P(OutOfMemory, WhileProcessesJoinAndLeave) {
    start(R"({"health": [{"group": "*", "interval_seconds": 0.02, "timeout_seconds": 5}]})");
    for (unsigned before = 0; before < 6; ++before) {
        std::shared_ptr<Process> process;
        host().locked([&](Pool&) {
            process = worker(first_pid + static_cast<std::int64_t>(before), behave::answer_pid());
        });
        {
            const ScarceMemory memory(before, GetParam().failures, GetParam().which);
            ASSERT_TRUE(eventually([] { return ScarceMemory::has_failed(); }));
        }
        ASSERT_TRUE(eventually([&] { return host().processed(*process) > 2; })) << before;
        host().remove(process);
    }
    const auto watched = [&] { return json(get("/v1/health"))["processes"].size(); };
    EXPECT_TRUE(eventually([&] { return watched() == 0; }));
}

INSTANTIATE_TEST_SUITE_P(Each, OutOfMemory,
                         ::testing::Values(Shortage{1, Memory::any}, Shortage{3, Memory::but_asios},
                                           Shortage{30, Memory::but_asios}));

} // namespace gangway::test
