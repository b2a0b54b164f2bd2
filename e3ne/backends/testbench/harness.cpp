// Drives a top module with one AXI4-Stream input and one output, and records every beat of every observed stream.
//
//   simulator STIMULUS OUTDIR MAX_CYCLES IDLE_CYCLES [WAVES.vcd] [+verilator+seed+N]
//
// STIMULUS: int64 n, int64 m, int64 least cycles, int32 gaps[n], int32 stalls[m], n input beats of kInputBytes bytes.
// OUTDIR gets one file a stream, NAME.beats, with records (int64 offer, int64 transfer, data bytes), and summary.txt.
// All numbers are little-endian. Cycle 0 is the first one with rst low; signals are sampled before the rising edge.
// Built with SAIF tracing, the last argument is a folder instead, which gets start.saif and run.saif.

#include "Ve3ne_testbench.h"
#include "verilated.h"
#if VM_TRACE_VCD
#include "verilated_vcd_c.h"
#endif
#if VM_TRACE_SAIF
#include "verilated_saif_c.h"
#endif

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "signals are copied as little-endian bytes");

constexpr int kResetCycles = 8;
constexpr int kDrainCycles = 16;
constexpr size_t kMaxViolations = 1000;
constexpr int64_t kProgressCycles = 1 << 16;

[[noreturn]] static void fail(const std::string& message) {
    std::fprintf(stderr, "%s\n", message.c_str());
    std::exit(1);
}

struct Violation {
    int64_t beat, cycle;
    const char* kind;
};

// One observed stream: pointers to its signals in the model, the file of its beats, and the state of its handshake.
class Stream {
public:
    Stream(const char* name, size_t bytes, const void* data, const CData* valid, const CData* ready)
        : name(name), bytes_(bytes), data_(data), valid_(valid), ready_(ready), held_(bytes) {}

    void open(const std::string& folder) {
        const std::string path = folder + "/" + name + ".beats";
        file_ = std::fopen(path.c_str(), "wb");
        if (!file_) fail("cannot write " + path);
        std::setvbuf(file_, nullptr, _IOFBF, 1 << 18);
    }

    // Looks at the signals of this cycle; true if a beat was transferred.
    bool sample(int64_t cycle) {
        if (!*valid_) {
            if (offer >= 0) violate(cycle, "valid-dropped");
            offer = -1;
            return false;
        }
        if (offer < 0) {
            offer = cycle;
            if (!*ready_) std::memcpy(held_.data(), data_, bytes_);
        } else if (std::memcmp(held_.data(), data_, bytes_) != 0) {
            violate(cycle, "data-changed");
            std::memcpy(held_.data(), data_, bytes_);
        }
        if (!*ready_) return false;
        const int64_t cycles[2] = {offer, cycle};
        std::fwrite(cycles, sizeof cycles, 1, file_);
        std::fwrite(data_, bytes_, 1, file_);
        offer = -1;
        ++beats;
        return true;
    }

    void close() {
        const bool broken = std::ferror(file_);
        if (std::fclose(file_) != 0 || broken) fail("cannot write the beats of " + name);
    }

    std::string name;
    int64_t offer = -1;  // cycle since which the current beat is offered, -1 if none is
    int64_t beats = 0;
    std::vector<Violation> violations;

private:
    void violate(int64_t cycle, const char* kind) {
        if (violations.size() < kMaxViolations) violations.push_back({beats, cycle, kind});
    }

    size_t bytes_;
    const void* data_;
    const CData *valid_, *ready_;
    std::vector<uint8_t> held_;  // data of the offered beat while it waits
    std::FILE* file_ = nullptr;
};

#include "streams.inc"

struct Stimulus {
    int64_t beats = 0, outputs = 0, least_cycles = 0;
    std::vector<int32_t> gaps, stalls;
    std::vector<uint8_t> data;

    explicit Stimulus(const std::string& path) {
        std::FILE* file = std::fopen(path.c_str(), "rb");
        if (!file) fail("cannot read " + path);
        read(file, &beats, sizeof beats);
        read(file, &outputs, sizeof outputs);
        read(file, &least_cycles, sizeof least_cycles);
        gaps.resize(beats);
        stalls.resize(outputs);
        data.resize(beats * kInputBytes);
        read(file, gaps.data(), gaps.size() * sizeof(int32_t));
        read(file, stalls.data(), stalls.size() * sizeof(int32_t));
        read(file, data.data(), data.size());
        std::fclose(file);
    }

private:
    static void read(std::FILE* file, void* to, size_t size) {
        if (std::fread(to, 1, size, file) != size) fail("the stimulus file is too short");
    }
};

int main(int argc, char** argv) {
    if (argc < 5) fail("usage: simulator STIMULUS OUTDIR MAX_CYCLES IDLE_CYCLES [WAVES.vcd]");
    const Stimulus stimulus(argv[1]);
    const std::string folder = argv[2];
    const int64_t max_cycles = std::atoll(argv[3]), idle_cycles = std::atoll(argv[4]);

    VerilatedContext context;
    context.randSeed(1);
    context.commandArgs(argc, argv);
#if VM_TRACE_SAIF
    // Registers and memories start with zeros, as on an FPGA: bits that are no image's would count when they go.
    context.randReset(0);
#else
    // Registers and memories start with random bits, so that a missing reset shows.
    context.randReset(2);
#endif
#if VM_TRACE_VCD || VM_TRACE_SAIF
    context.traceEverOn(true);
#endif
    Ve3ne_testbench model{&context};
#if VM_TRACE_VCD
    VerilatedVcdC waves;
    if (argc > 5) {
        model.trace(&waves, 99);
        waves.open(argv[5]);
    }
#endif
#if VM_TRACE_SAIF
    // A trace takes every bit to be 0 before its first dump: one of that dump alone tells which toggles are none.
    VerilatedSaifC start, activity;
    if (argc > 5) {
        model.trace(&start, 99);
        model.trace(&activity, 99);
    }
#endif
    const auto eval = [&](int clk, int64_t time) {
        model.clk = clk;
        model.eval();
#if VM_TRACE_VCD
        if (argc > 5) waves.dump(static_cast<uint64_t>(time));
#else
        (void)time;
#endif
    };

    std::vector<Stream> streams = streams_of(model);
    for (Stream& stream : streams) stream.open(folder);
    const Stream& source = streams.front();
    const Stream& sink = streams.back();

    model.rst = 1;
    model.s_axis_tvalid = 0;
    model.m_axis_tready = 0;
    for (int cycle = 0; cycle < kResetCycles; ++cycle) {
        eval(0, 2 * cycle);
        eval(1, 2 * cycle + 1);
    }
    model.rst = 0;
#if VM_TRACE_SAIF
    if (argc > 5) {
        // Behind reset; what happens in it is no image's. From here on there is a dump a cycle, before the rising edge:
        // what combinational signals pass through within a cycle, while the inputs change, depends on the testbench.
        model.clk = 0;
        model.eval();
        start.open((std::string(argv[5]) + "/start.saif").c_str());
        start.dump(uint64_t{0});
        start.close();
        activity.open((std::string(argv[5]) + "/run.saif").c_str());
        activity.dump(uint64_t{0});
    }
#endif

    int64_t gap = stimulus.beats ? stimulus.gaps[0] : 0;
    int64_t stall = stimulus.outputs ? stimulus.stalls[0] : 0;
    int64_t cycle = 0, quiet = 0;
    const char* stop = "max_cycles";
    for (; cycle < max_cycles; ++cycle) {
        const bool pausing = (source.beats < stimulus.beats && gap > 0) || (sink.beats < stimulus.outputs && stall > 0);
        model.s_axis_tvalid = source.beats < stimulus.beats && gap == 0;
        if (model.s_axis_tvalid) {
            std::memcpy(&model.s_axis_tdata, &stimulus.data[source.beats * kInputBytes], kInputBytes);
        }
        model.m_axis_tready = stall == 0;
        const int64_t taken = source.beats, given = sink.beats;
        eval(0, 2 * (kResetCycles + cycle));
#if VM_TRACE_SAIF
        if (argc > 5) activity.dump(static_cast<uint64_t>(cycle) + 1);
#endif
        bool moved = false;
        for (Stream& stream : streams) moved |= stream.sample(cycle);
        eval(1, 2 * (kResetCycles + cycle) + 1);

        if (source.beats > taken) {
            gap = source.beats < stimulus.beats ? stimulus.gaps[source.beats] : 0;
        } else if (gap > 0) {
            --gap;
        }
        if (sink.beats > given) {
            stall = sink.beats < stimulus.outputs ? stimulus.stalls[sink.beats] : 0;
        } else if (stall > 0) {
            --stall;
        }
        quiet = moved || pausing ? 0 : quiet + 1;
        const bool complete = source.beats >= stimulus.beats && sink.beats >= stimulus.outputs;
        const bool drained = quiet >= kDrainCycles && cycle >= stimulus.least_cycles;
        if (complete ? drained : quiet >= idle_cycles) {
            stop = complete ? "complete" : "deadlock";
            ++cycle;
            break;
        }
        if (cycle % kProgressCycles == kProgressCycles - 1) {
            std::printf("%lld %lld\n", static_cast<long long>(cycle + 1), static_cast<long long>(sink.beats));
            std::fflush(stdout);
        }
    }
    model.final();
#if VM_TRACE_VCD
    if (argc > 5) waves.close();
#endif
#if VM_TRACE_SAIF
    if (argc > 5) activity.close();
#endif

    for (Stream& stream : streams) stream.close();
    std::FILE* summary = std::fopen((folder + "/summary.txt").c_str(), "w");
    if (!summary) fail("cannot write " + folder + "/summary.txt");
    std::fprintf(summary, "stop %s %lld\n", stop, static_cast<long long>(cycle));
    for (const Stream& stream : streams) {
        if (stream.offer >= 0) {
            std::fprintf(summary, "pending %s %lld\n", stream.name.c_str(), static_cast<long long>(stream.offer));
        }
        for (const Violation& violation : stream.violations) {
            std::fprintf(summary, "%s %s %lld %lld\n", violation.kind, stream.name.c_str(),
                         static_cast<long long>(violation.beat), static_cast<long long>(violation.cycle));
        }
    }
    if (std::fclose(summary) != 0) fail("cannot write " + folder + "/summary.txt");
    return 0;
}
