// SPDX-License-Identifier: MIT
#include "samples.hpp"

#include <string>
#include <utility>

namespace dmabuf::samples {

using namespace dmabuf::record;

namespace {

Start start(std::string target, std::string kernel, std::uint64_t cases) {
  return {.run = "7f3a0c52-9d1e-4b7a-8c11-5e2f60a4d9b3",
          .tool = "0.1.0 4f1c2ab9d0e7",
          .model = "9b2e77c0",
          .target = std::move(target),
          .exporter = "udmabuf",
          .importer = "harness",
          .kernel = std::move(kernel),
          .profile = "6.12/udmabuf",
          .seed = 0x9e3779b97f4a7c15,
          .cases = cases,
          .started = "2026-02-11T03:14:07Z",
          .argv = {"dmabuf-conform", "run", "--target", "vm:debian:6.12", "--seed", "0x1234"},
          .operations = {"create", "dup", "close", "get", "put", "attach", "detach", "map", "unmap",
                         "mmap", "munmap", "store", "load"},
          .operations_missing = {"export", "close_handle"}};
}

Finding divergence() {
  return {
      .signature = "div:get:outcome:errno:EINVAL->ok:udmabuf",
      .id = "3fd1c09a77be",
      .kind = CaseOutcome::Divergence,
      .target = "vm:debian:6.12/udmabuf",
      .exporter = "udmabuf",
      .kernel = "6.12.48+deb12-amd64",
      .first_case = "random.000017",
      .case_seed = 0x51ed270b9f1c33aa,
      .count = 41,
      .summary = "get of a file that is no dma-buf succeeds, and takes a reference on it.",
      .allowed = {"EINVAL: the file's operations are not dma_buf_fops [DBUF-FD-007]"},
      .expected = "EINVAL",
      .observed = "ok",
      .clauses = {{"DBUF-FD-007",
                   "dma_buf_get of a file that is not a dma-buf fails with -EINVAL and leaves that "
                   "file's count alone.",
                   "drivers/dma-buf/dma-buf.c, dma_buf_get"}},
      .trace = {{"create b0 f0 1 rw cloexec", "ok", ""},
                {"get f0 r0", "ok", "references of b0: 2"},
                {"dup f0 f1", "ok", "references of b0: 3"},
                {"get foreign r1", "ok",
                 "expected EINVAL; the foreign file's count went from 1 to 2"}},
      .original_operations = 37,
      .shrink_runs = 214,
      .minimality = "1-minimal",
      .replay = "dmabuf-conform replay --target vm:debian:6.12/udmabuf dbt1:eNpjYGBgZGBk",
      .token = "dbt1:eNpjYGBgZGBk"};
}

Finding leak() {
  return {
      .signature = "leak:unmap:callbacks:map>unmap:udmabuf",
      .id = "b81e44f0d216",
      .kind = CaseOutcome::Leak,
      .target = "vm:debian:6.12/udmabuf",
      .exporter = "udmabuf",
      .kernel = "6.12.48+deb12-amd64",
      .first_case = "random.000391",
      .case_seed = 0x77,
      .count = 3,
      .summary =
          "After the last close b0 is still there: an attachment's mapping keeps a reference.",
      .allowed = {"b0 is released: nothing holds it any more [DBUF-REL-001]"},
      .expected = "b0 released, 0 buffers listed",
      .observed = "b0 alive, references 1, 1 buffer listed",
      .clauses = {{"DBUF-REL-001", "ops.release runs exactly once for each successful export.",
                   "drivers/dma-buf/dma-buf.c, dma_buf_release"},
                  {"DBUF-MAP-020", "Map leaves the buffer's count alone.",
                   "drivers/dma-buf/dma-buf.c, dma_buf_map_attachment"},
                  {"DBUF-INV-012",
                   "Once all is closed, signalled and quiet, nothing made by the test remains: "
                   "bufinfo, module use counts and fd numbers are what they were.",
                   "drivers/dma-buf/dma-buf.c, dma_buf_release"}},
      .trace = {{"create b0 f0 2 rw cloexec", "ok", ""},
                {"get f0 r0", "ok", ""},
                {"attach r0 d0 a0", "ok", ""},
                {"attach r0 d1 a1", "EBUSY", "allowed: storage cannot move [DBUF-ATT-006]"},
                {"map a0 m0 to_device", "ok", "from here on one reference too many stays"},
                {"send f0 s0", "ok", ""},
                {"receive s0 f1", "ok", ""},
                {"mmap f1 v0 0 2 rw shared", "ok", ""},
                {"load v0 0", "= 8192", ""},
                {"munmap v0", "ok", ""},
                {"unmap m0", "ok", ""},
                {"detach a0", "ok", ""},
                {"put r0", "ok", ""},
                {"close f0", "ok", ""},
                {"close f1", "ok", "b0 alive, references 1, 1 buffer listed"}},
      .original_operations = 120,
      .shrink_runs = 880,
      .minimality = "1-minimal",
      .replay =
          "dmabuf-conform replay --target vm:debian:6.12/udmabuf findings/b81e44f0d216/repro.dbt",
      .kernel_log =
          "[   12.331007] dma_buf: leaked attachment of udmabuf\n"
          "[   12.331044] WARNING: CPU: 1 PID: 214 at drivers/dma-buf/dma-buf.c:96 "
          "dma_buf_release+0x7c/0x90\n"
          "[   12.331102]  <TASK>\n"
          "[   12.331119]  __dentry_kill+0x6d/0x180\n"
          "[   12.331140] ---[ end trace 0000000000000000 ]---"};
}

std::string number(int n) {
  std::string digits = std::to_string(n);
  return std::string(6 - digits.size(), '0') + digits;
}

std::vector<Run> runs_of(const std::vector<std::vector<Record>>& journals) {
  std::vector<Run> runs;
  for (const auto& records : journals) {
    Collector collector;
    std::uint64_t seq = 0;
    for (const Record& record : records) {
      ++seq;
      collector.add({seq, seq * 1'000'000, record});
    }
    for (Run& run : std::move(collector).finish()) runs.push_back(std::move(run));
  }
  return runs;
}

Coverage coverage() {
  return {.rows_hit = 20,
          .rows_total = 26,
          .missing = {"storage: Resident --map--> Moved [DBUF-MIG-002]",
                      "storage: Moved --map--> Mapped [DBUF-MIG-003]",
                      "storage: Mapped --vmap--> Mapped [DBUF-VMP-001]",
                      "attachment: Cached --map--> Cached [DBUF-MAP-007]",
                      "attachment: Cached --detach--> Gone [DBUF-ATT-017]",
                      "message: Queued --discard--> Gone [DBUF-SHR-004]"},
          .hit = {"buffer: Absent --create--> Live [DBUF-EXP-007]",
                  "fd: Free --create--> Open [DBUF-FD-003]",
                  "fd: Open --close--> Free [DBUF-FD-011]",
                  "reference: Free --get--> Held [DBUF-FD-007, DBUF-FD-008]",
                  "reference: Held --put--> Free [DBUF-REL-001]",
                  "attachment: Detached --attach--> Attached [DBUF-ATT-003, DBUF-ATT-006]",
                  "attachment: Attached --map--> Mapped [DBUF-MAP-020]",
                  "message: Free --send--> Queued [DBUF-SHR-001]",
                  "storage: None --map--> Mapped [DBUF-MAP-013]",
                  "storage: None --mmap--> Resident [DBUF-MMU-001]",
                  "storage: None --begin_cpu_access--> Resident [DBUF-CPU-001]",
                  "storage: Resident --map--> Mapped [DBUF-MAP-013]",
                  "storage: Mapped --unmap--> Resident [DBUF-MAP-002]",
                  "storage: Mapped --map--> Mapped [DBUF-MAP-003]",
                  "storage: Mapped --unmap--> Mapped [DBUF-MAP-002]",
                  "storage: Mapped --device_write--> Mapped [DBUF-INV-011]",
                  "storage: Mapped --device_read--> Mapped [DBUF-INV-011]",
                  "storage: Resident --release--> None [DBUF-REL-016]",
                  "storage: Mapped --release--> None [DBUF-REL-016]",
                  "storage: Moved --release--> None [DBUF-REL-016]"}};
}

}  // namespace

std::vector<Record> small() {
  return {start("reference:eager", "", 4),
          Note{"host", "amd64, 2 CPUs"},
          Begin{.case_id = "life.dup", .k = 0, .case_seed = 0x9e37},
          End{.case_id = "life.dup", .operations = 14, .ms = 0.8},
          Begin{.case_id = "random.000017", .k = 17, .case_seed = 0x51ed270b9f1c33aa},
          divergence(),
          End{.case_id = "random.000017",
              .outcome = CaseOutcome::Divergence,
              .operations = 9,
              .ms = 2.25,
              .signature = divergence().signature,
              .op = 3,
              .expected = "EINVAL",
              .observed = "ok"},
          Warn{.kind = "taint", .text = "W", .case_id = "random.000017"},
          Begin{.case_id = "life.retried", .attempt = 1},
          Begin{.case_id = "life.retried", .attempt = 2},
          End{.case_id = "life.retried", .attempt = 2, .operations = 3, .ms = 0.5},
          End{.case_id = "sync.file",
              .outcome = CaseOutcome::Skip,
              .message = "no /dev/sw_sync in this kernel"},
          Skipped{"v4l2:vivid", "module vivid is not loaded", "modprobe vivid"},
          coverage(),
          Stop{.reason = "plan-done",
               .verdict = "diverges",
               .cases = 4,
               .operations = 26,
               .findings = 1,
               .seconds = 12.5}};
}

std::vector<Record> passing() {
  Coverage all = coverage();
  all.missing.clear();
  all.rows_hit = all.rows_total = 20;
  Start begin = start("reference:eager", "", 2);
  begin.exporter = "eager";
  begin.importer = "";
  begin.profile = "6.12/reference";
  return {begin,
          Begin{.case_id = "life.dup"},
          End{.case_id = "life.dup", .operations = 14, .ms = 0.8},
          Begin{.case_id = "life.pass", .k = 1},
          End{.case_id = "life.pass", .operations = 20, .ms = 1.1},
          all,
          Stop{.reason = "plan-done",
               .verdict = "conforms",
               .cases = 2,
               .operations = 34,
               .findings = 0,
               .seconds = 0.02}};
}

std::vector<Run> several_targets() {
  std::vector<Record> kernel = {start("vm:debian:6.12/udmabuf", "6.12.48+deb12-amd64", 500)};
  kernel.push_back(Note{"env_sha256", std::string(64, 'a')});
  kernel.push_back(Note{"host", "Debian GNU/Linux 12, amd64, 2 CPUs, TCG"});
  kernel.push_back(Note{"kernel config", "KASAN=y PROVE_LOCKING=y DMABUF_DEBUG=y"});
  for (int k = 0; k < 500; ++k) {
    const std::string id = "random." + number(k);
    kernel.push_back(Begin{.case_id = id, .k = static_cast<std::uint64_t>(k)});
    End end{.case_id = id, .operations = 24, .ms = 4.5};
    if (k == 17 || k == 205) {
      end.outcome = CaseOutcome::Divergence;
      end.signature = divergence().signature;
      end.op = 3;
      end.expected = "EINVAL";
      end.observed = "ok";
    } else if (k == 391) {
      end.outcome = CaseOutcome::Leak;
      end.signature = leak().signature;
    }
    if (k == 17) kernel.push_back(divergence());
    if (k == 391) kernel.push_back(leak());
    kernel.push_back(end);
    if (k == 391) kernel.push_back(Warn{"taint", "W (a kernel warning was printed)", id});
  }
  kernel.push_back(Skipped{"dma-heap:system", "/dev/dma_heap/system does not exist on 6.1",
                           "boot a kernel with CONFIG_DMABUF_HEAPS_SYSTEM=y, for example "
                           "--target vm:debian:6.12"});
  kernel.push_back(coverage());
  kernel.push_back(Stop{.reason = "plan-done",
                        .verdict = "diverges",
                        .cases = 500,
                        .operations = 12000,
                        .findings = 2,
                        .seconds = 71.4});

  std::vector<Record> unfinished = {start("vm:debian:6.1/vgem", "6.1.0-40-amd64", 200),
                                    Begin{.case_id = "random.000000"},
                                    End{.case_id = "random.000000", .operations = 24, .ms = 5},
                                    Begin{.case_id = "random.000001", .k = 1}};
  auto runs = runs_of({kernel, passing(), unfinished});
  runs[2].cut_off = true;
  return runs;
}

std::vector<Run> one_of_each() {
  Finding crash = divergence();
  crash.signature = "KASAN: slab-use-after-free Read in dma_buf_poll";
  crash.id = "0c4a5b00dead";
  crash.kind = CaseOutcome::Crash;
  crash.summary = "KASAN: slab-use-after-free Read in dma_buf_poll";
  crash.kernel_log = leak().kernel_log;
  Finding hang = divergence();
  hang.signature = "hang:attach:dma_resv_wait";
  hang.id = "4a9600000001";
  hang.kind = CaseOutcome::Hang;
  hang.summary = "attach never returns.";
  hang.observed = "no answer for 30s";
  std::vector<Record> kernel = {start("vm:debian:6.12/udmabuf", "6.12.48+deb12-amd64", 10)};
  std::uint64_t k = 0;
  const auto end = [&](const std::string& id, CaseOutcome outcome, const std::string& signature = "",
                       const std::string& message = "", const std::string& mark = "") {
    kernel.push_back(Begin{.case_id = id, .k = k, .case_seed = 0x1000 + k});
    ++k;
    kernel.push_back(End{.case_id = id, .outcome = outcome, .operations = 24,
                         .ms = outcome == CaseOutcome::Hang ? 30000 : 4.5, .signature = signature,
                         .message = message, .mark = mark});
  };
  for (const Finding& finding : {divergence(), leak(), crash, hang}) kernel.push_back(finding);
  end("trace.fd-outlives", CaseOutcome::Pass);
  end("random.000000", CaseOutcome::Pass);
  end("random.000001", CaseOutcome::Divergence, divergence().signature);
  end("random.000002", CaseOutcome::Leak, leak().signature);
  end("random.000003", CaseOutcome::Crash, crash.signature);
  end("random.000004", CaseOutcome::Hang, hang.signature);
  end("random.000005", CaseOutcome::Skip, "", "no /dev/sw_sync in this kernel");
  end("random.000006", CaseOutcome::Error, "", "the peer process is gone");
  end("random.000007", CaseOutcome::Divergence, divergence().signature, "", "expected");
  end("random.000008", CaseOutcome::Pass, "", "", "unexpected-pass");
  // Failed, then passed: not undone by the second try.
  kernel.push_back(Begin{.case_id = "random.000009", .k = 9, .case_seed = 0x1009});
  kernel.push_back(End{.case_id = "random.000009", .outcome = CaseOutcome::Leak, .operations = 24,
                       .ms = 4, .signature = leak().signature});
  kernel.push_back(Begin{.case_id = "random.000009", .k = 9, .attempt = 2, .case_seed = 0x1009});
  kernel.push_back(End{.case_id = "random.000009", .attempt = 2, .operations = 24, .ms = 3,
                       .mark = "flaky"});
  kernel.push_back(Stop{.reason = "plan-done", .verdict = "diverges", .cases = 11, .operations = 240,
                        .findings = 4, .seconds = 31.2});

  const std::vector<Record> skipped = {
      start("vm:debian:6.1/udmabuf", "6.1.0-40-amd64", 0),
      Skipped{"vm:debian:6.1/udmabuf", "no /dev/udmabuf", "boot a kernel with CONFIG_UDMABUF=y"},
      Stop{.reason = "skipped", .verdict = "inconclusive"}};
  const std::vector<Record> counted = {
      start("reference:eager", "", 1000), Note{"cases.passed", "1000"},
      Stop{.reason = "plan-done", .verdict = "conforms", .cases = 1000, .operations = 24000, .seconds = 1}};
  const std::vector<Record> broken_off = {
      start("vm:debian:6.1/vgem", "6.1.0-40-amd64", 4), Begin{.case_id = "random.000000", .case_seed = 0x1000},
      End{.case_id = "random.000000", .operations = 24, .ms = 5},
      Begin{.case_id = "random.000001", .k = 1, .case_seed = 0x1001}};
  return runs_of({kernel, skipped, counted, broken_off});
}

std::vector<Run> hostile() {
  const std::string script = "<script>alert('x')</script>";
  const std::string markup = "\"><img src=x onerror=alert(1)>&amp;</pre></details></main>";
  const std::string control = std::string("bell\a esc\x1b[31mred\x1b[0m nul") + '\0' +
                              "del\x7f tab\t line\nfeed \u202ertl \u0085 \u2028";
  const std::string bytes = "caf\xe9 \xff\xfe \xc0\xaf \xed\xa0\x80 end\xf0\x9f";
  Finding bad{.signature = "div:" + script,
              .id = "\" onmouseover=\"x",
              .kind = CaseOutcome::Crash,
              .target = script,
              .exporter = markup,
              .kernel = bytes,
              .first_case = control,
              .case_seed = ~std::uint64_t{0},
              .summary = markup + control + bytes,
              .allowed = {script, bytes},
              .expected = markup,
              .observed = control,
              .clauses = {{script, markup, bytes}, {"", "", ""}},
              .trace = {{"export b0 r0", "ok", script},
                        {"attach r0 d0 a999999999999999999999", "ok", control},
                        {"attach r7 d0 a3", "<b>", ""},
                        {"map a0 " + script, "ok", ""},
                        {"put r0", "ok", ""},
                        {"put r0", "ok", "after its death"},
                        {"", "", ""},
                        {bytes, "EBADF", bytes}},
              .minimality = script,
              .replay = "dmabuf-conform replay '" + script + "' ]]> -->",
              .kernel_log = control + "\n" + bytes};
  Finding empty{.signature = "", .kind = CaseOutcome::Hang};
  Start first = start(script, markup, 3);
  first.argv = {script, control, bytes, ""};
  auto runs =
      runs_of({{first, Note{script, markup}, Note{"", ""}, Begin{.case_id = script}, bad, empty,
                End{.case_id = script,
                    .outcome = CaseOutcome::Crash,
                    .signature = bad.signature,
                    .message = markup},
                End{.case_id = bytes, .outcome = CaseOutcome::Error, .message = control},
                Warn{markup, control, script}, Skipped{script, markup, bytes},
                Coverage{.rows_hit = 5,
                         .rows_total = 3,
                         .missing = {script + " [" + markup + "]", "]["},
                         .hit = {control}},
                Stop{.reason = script, .verdict = markup, .seconds = -1}}});
  runs.emplace_back();
  return runs;
}

std::vector<Run> endless() {
  Finding finding = leak();
  finding.id = "e0d1e55e0d1e";
  finding.summary = "A long program leaks a buffer and would not shrink.";
  finding.minimality = "not shrunk: the system under test gave no answer twice";
  finding.trace.clear();
  finding.trace.push_back({"create b0 f0 1 rw", "ok", ""});
  for (int i = 0; i < 3333; ++i) {
    finding.trace.push_back({"dup f0 f1", "ok", ""});
    finding.trace.push_back({"get f1 r0", "ok", i % 100 == 0 ? "references of b0: 3" : ""});
    finding.trace.push_back({i % 2 ? "close f1" : "put r0", "ok", ""});
    if (i % 2) {
      finding.trace.push_back({"put r0", "ok", ""});
    } else {
      finding.trace.push_back({"close f1", "ok", ""});
    }
  }
  finding.trace.resize(9999);
  finding.trace.push_back({"close f0", "ok", "b0 alive, references 1, 1 buffer listed"});
  finding.original_operations = 10000;
  return runs_of({{start("vm:debian:6.12/udmabuf", "6.12.48+deb12-amd64", 1), finding,
                   End{.case_id = "random.000000",
                       .outcome = CaseOutcome::Leak,
                       .operations = 10000,
                       .ms = 900,
                       .signature = finding.signature},
                   Stop{.reason = "plan-done",
                        .verdict = "diverges",
                        .cases = 1,
                        .operations = 10000,
                        .findings = 1,
                        .seconds = 1}}});
}

}  // namespace dmabuf::samples
