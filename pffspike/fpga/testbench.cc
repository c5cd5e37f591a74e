// A core, simulated by code that `yosys` wrote (core.cc). Two ways to use it:
//
//   testbench HOST CORE   gives the core the bytes of the file HOST and compares what it sends with
//                         the bytes of the file CORE
//   testbench             reads requests: three numbers of 32 bits (bytes that follow, bytes that are
//                         wanted, cycles to wait for one), then the bytes; and writes how many came,
//                         and these
#include <cstdint>
#include <cstdio>
#include <deque>
#include <fstream>
#include <iterator>
#include <vector>

#include "core.cc"

struct Bench {
    cxxrtl_design::p_core core;
    std::deque<uint8_t> given, sent;
    uint64_t cycles = 0;

    void cycle()
    {
        core.p_in__valid.set<uint8_t>(!given.empty());
        core.p_in__data.set<uint8_t>(given.empty() ? 0 : given.front());
        core.p_out__ready.set<uint8_t>(1);
        core.p_clk.set<bool>(false);
        core.step();
        bool taken = !given.empty() && core.p_in__ready.get<uint8_t>();
        if (core.p_out__valid.get<uint8_t>())
            sent.push_back(core.p_out__data.get<uint8_t>());
        core.p_clk.set<bool>(true);
        core.step();
        if (taken)
            given.pop_front();
        cycles++;
    }

    void run(size_t wanted, uint32_t patience)
    {
        uint32_t silent = 0;
        size_t had = sent.size();
        while (sent.size() < wanted && silent < patience) {
            cycle();
            silent = sent.size() == had && given.empty() ? silent + 1 : 0;
            had = sent.size();
        }
    }
};

static std::vector<uint8_t> contents(const char *name)
{
    std::ifstream file(name, std::ios::binary);
    if (!file) {
        fprintf(stderr, "%s is missing\n", name);
        exit(2);
    }
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

static int compare(const char *host, const char *core)
{
    static Bench bench;
    auto given = contents(host), expected = contents(core);
    bench.given.assign(given.begin(), given.end());
    bench.run(expected.size(), 1u << 24);
    for (size_t i = 0; i < expected.size(); i++)
        if (i >= bench.sent.size() || bench.sent[i] != expected[i]) {
            printf("FAILED: byte %zu of %zu differs\n", i, expected.size());
            return 1;
        }
    printf("identical: %zu bytes in %llu cycles\n", expected.size(), (unsigned long long)bench.cycles);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3)
        return compare(argv[1], argv[2]);
    static Bench bench;
    uint32_t request[3];
    while (fread(request, sizeof request, 1, stdin) == 1) {
        std::vector<uint8_t> bytes(request[0]);
        if (request[0] && fread(bytes.data(), request[0], 1, stdin) != 1)
            return 2;
        bench.given.insert(bench.given.end(), bytes.begin(), bytes.end());
        bench.run(request[1], request[2]);
        uint32_t number = bench.sent.size() < request[1] ? bench.sent.size() : request[1];
        fwrite(&number, sizeof number, 1, stdout);
        for (uint32_t i = 0; i < number; i++) {
            fputc(bench.sent.front(), stdout);
            bench.sent.pop_front();
        }
        fflush(stdout);
    }
}
