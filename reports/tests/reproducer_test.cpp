// SPDX-License-Identifier: MIT
// C programs cut from counterexamples: gcc takes them without a word, and run they tell a kernel
// that has the bug from one that has not.
#include "dmabuf/reports/reproducer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "golden.hpp"
#include "readers.hpp"

namespace dmabuf::reports {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using record::CaseOutcome;
using record::Finding;
using tests::Heard;
using tests::listen;
using tests::Paper;

constexpr const char* kGcc = "gcc -std=gnu11 -Wall -Wextra -Werror -O1 ";

/// As the README has it: vgem's mmap ignores the offset.
Finding offset_ignored(const std::string& target = "vm:debian:6.12/vgem") {
  return {.signature = "div:load:value:zero->data:vgem",
          .id = "885a21c094a5",
          .kind = CaseOutcome::Divergence,
          .target = target,
          .exporter = "vgem",
          .kernel = "6.12.117+deb12-amd64",
          .summary = "'load v1 page=0': value: expected ok, returning a page of zeroes, observed ok, returning tag 0x11",
          .expected = "ok, returning a page of zeroes",
          .observed = "ok, returning tag 0x11",
          .clauses = {{"DBUF-MMU-008", "A mapping at an offset shows the buffer from that offset.",
                       "drivers/gpu/drm/drm_gem_shmem_helper.c, drm_gem_shmem_fault"}},
          .trace = {{"create b0 f0 pages=2 access=rw", "ok", ""},
                    {"mmap f0 v0 offset=0 length=2 rw shared", "ok", ""},
                    {"store v0 page=0 tag=0x11", "ok", ""},
                    {"mmap f0 v1 offset=1 length=1 ro shared", "ok", ""},
                    {"load v1 page=0", "= 0x11",
                     "value: expected ok, returning a page of zeroes, observed ok, returning tag 0x11"}},
          .replay = "dmabuf-conform replay --target vm:debian:6.12/vgem dbt1:eNpj"};
}

Finding leak() {
  Finding finding = offset_ignored("vm:debian:6.12/heap:system");
  finding.kind = CaseOutcome::Leak;
  finding.summary = "'munmap v0' leaks a reference: references of b0: expected 1, observed 2";
  finding.trace = {{"create b0 f0 pages=1 access=rw cloexec", "ok", ""},
                   {"send f0 s0", "ok", ""},
                   {"receive s0 f1", "ok", ""},
                   {"get f1 r0", "ok", ""},
                   {"attach r0 d0 a0", "ok", ""},
                   {"mmap f0 v0 offset=0 length=1 rw shared", "ok", ""},
                   {"munmap v0", "ok", "references of b0: expected 1, observed 2; it stays after close f0"}};
  return finding;
}

/// Each operation once, with the outcome that a buffer that obeys would give.
Finding every_operation(const std::string& target, bool in_kernel, bool handle) {
  Finding finding = offset_ignored(target);
  finding.trace.clear();
  const auto add = [&](const char* operation, const char* outcome = "ok") { finding.trace.push_back({operation, outcome, ""}); };
  if (in_kernel) {
    add("export b0 r0 pages=2 access=rw");
    add("install_fd r0 f0 cloexec");
  } else {
    add("create b0 f0 pages=2 access=ro cloexec");
  }
  add("dup f0 f1");
  add("dup f0 f2 cloexec");
  add("send f0 s0");
  add("receive s0 f3 cloexec");
  add("send f0 s1");
  add("discard s1");
  add("get f0 r1");
  add("get bad r2", "EBADF");
  add("get foreign r2", "EINVAL");
  add("attach r1 d1 a0");
  add("map a0 m0 to_device");
  add("device_write m0 page=1 tag=0x7");
  add("device_read m0 page=1", "= 0x7");
  add("unmap m0");
  add("detach a0");
  add("begin_cpu_access r1 bidirectional");
  add("end_cpu_access r1 none");
  add("put r1");
  for (const char* flags : {"start|read", "start|write", "start|read|write", "end|read", "end|write", "end|read|write"})
    add((std::string("sync f0 ") + flags).c_str());
  for (const char* flags : {"start", "end", "start|read|0x8", "start|read|0x100000000"})
    add((std::string("sync f0 ") + flags).c_str(), "EINVAL");
  add("sync f0 start|read argument=unmapped", "EFAULT");
  add("mmap f0 v0 offset=0 length=2 rw shared");
  add("mmap f0 v1 offset=3 length=1 ro private", "EINVAL");
  add("store v0 page=1 tag=0x12");
  add("load v0 page=1", "= 0x12");
  add("load v0 page=0", "= torn");
  add("munmap v0");
  for (const char* whence : {"set", "cur", "data", "hole", "bogus"})
    add((std::string("seek f0 ") + whence + " 0").c_str(), "EINVAL");
  add("seek f0 end 0", "= 8192");
  add("set_name f0 \"two words\"");
  add("set_name f0 \"\" argument=unmapped", "EFAULT");
  if (handle) {
    add("create_dumb b1 pages=1");
    add("handle_to_fd b1 f4 access=ro");
    add("handle_to_fd b1 f5 access=rw cloexec");
    add("handle_to_fd b0 f5 access=rw flags=unknown", "EINVAL");
    add("close_handle b0");
  }
  add("close f1");
  finding.trace.push_back({"close f0", "EBADF", "outcome: expected ok, observed EBADF"});
  return finding;
}

std::string program_of(const Finding& finding, const std::string& exporter = "") {
  const auto program = render_c(finding, exporter);
  EXPECT_TRUE(program) << program.error();
  return program.value_or("");
}

/// Compiled; run with the fake kernel before it, or alone.
class Built {
 public:
  explicit Built(const std::string& program)
      : source_("repro.c", program), binary_("repro", ""), fake_("fake.so", "") {
    compiled_ = listen(kGcc + ("-o " + binary_.path()) + " " + source_.path());
    const Heard fake = listen(kGcc + ("-shared -fPIC -o " + fake_.path()) + " " DMABUF_REPORTS_DIR "/tests/fake_kernel.c -ldl");
    EXPECT_EQ(fake.status, 0) << fake.out;
  }
  const Heard& compiled() const { return compiled_; }
  Heard on_fake(const std::string& bug) const {
    return listen("FAKE_BUG=" + bug + " LD_PRELOAD=" + fake_.path() + " " + binary_.path());
  }
  Heard alone() const { return listen(binary_.path()); }

 private:
  Paper source_, binary_, fake_;
  Heard compiled_;
};

TEST(Reproducer, IsAProgramThatAMaintainerCanRead) {
  tests::expect_golden("vgem-offset.c", program_of(offset_ignored()));
  tests::expect_golden("heap-leak.c", program_of(leak()));
}

TEST(Reproducer, CompilesWithoutAWarning) {
  NEED_READER(tests::installed("gcc"), "gcc", "gcc libc6-dev linux-libc-dev");
  Finding hang = leak();
  hang.kind = CaseOutcome::Hang;
  Finding crash = leak();
  crash.kind = CaseOutcome::Crash;
  crash.trace.back().outcome = "";
  Finding references = leak();
  references.kind = CaseOutcome::Divergence;
  references.expected = "1";
  references.observed = "2";
  Finding cloexec = offset_ignored();
  cloexec.trace = {{"create b0 f0 pages=1 access=rw", "ok", ""},
                   {"dup f0 f1 cloexec", "ok", "close_on_exec of f1: expected set, observed not set"}};
  cloexec.expected = "set";
  cloexec.observed = "not set";
  Finding exported = leak();
  exported.target = "native:harness:eager!extra-reference";
  exported.trace = {{"export b0 r0 pages=1 access=rw", "ok", "references of b0: expected 1, observed 2; it stays after put r0"}};
  for (const Finding& finding :
       {offset_ignored(), leak(), exported, hang, crash, references, cloexec, every_operation("native:vgem", false, true),
        every_operation("native:udmabuf", false, false), every_operation("native:heap:system", false, false),
        every_operation("vm:file:/boot/bzImage//harness:migrating!wrong-size", true, false)}) {
    const std::string text = program_of(finding);
    const Paper source("repro.c", text), binary("repro", "");
    const Heard heard = listen(kGcc + ("-o " + binary.path()) + " " + source.path());
    EXPECT_EQ(heard.status, 0) << heard.out << text;
  }
}

TEST(Reproducer, KnowsNoSecondDrmFile) {
  for (const char* operation : {"close_handle b0 second", "handle_to_fd b0 f1 access=rw second", "fd_to_handle f0"}) {
    Finding finding = offset_ignored();
    finding.trace.insert(finding.trace.begin() + 1, {operation, "ok", ""});
    EXPECT_FALSE(render_c(finding, "vgem")) << operation;
  }
}

TEST(Reproducer, TellsAKernelWithTheBugFromOneWithout) {
  NEED_READER(tests::installed("gcc"), "gcc", "gcc libc6-dev linux-libc-dev");
  const Built offset(program_of(offset_ignored(), "udmabuf"));
  ASSERT_EQ(offset.compiled().status, 0) << offset.compiled().out;
  EXPECT_EQ(offset.on_fake("offset").status, 1) << offset.on_fake("offset").out;
  EXPECT_THAT(offset.on_fake("offset").out, HasSubstr("THE BUG SHOWS"));
  EXPECT_EQ(offset.on_fake("none").status, 0) << offset.on_fake("none").out;
  EXPECT_THAT(offset.on_fake("none").out, HasSubstr("the bug does not show"));
  EXPECT_EQ(offset.on_fake("create").status, 2) << "an earlier step went otherwise";
}

TEST(Reproducer, TellsAWrongErrno) {
  NEED_READER(tests::installed("gcc"), "gcc", "gcc libc6-dev linux-libc-dev");
  Finding finding = offset_ignored("native:udmabuf");
  finding.trace = {{"create b0 f0 pages=1 access=rw cloexec", "ok", ""},
                   {"sync f0 start|read", "ok", ""},
                   {"seek f0 end 0", "= 4096", ""},
                   {"seek f0 set 0", "ok", ""},
                   {"dup f0 f1", "ok", ""},
                   {"send f1 s0", "ok", ""},
                   {"close f1", "ok", ""},
                   {"receive s0 f2", "ok", ""},
                   {"mmap f2 v0 offset=0 length=1 rw shared", "ok", ""},
                   {"store v0 page=0 tag=0x9", "ok", ""},
                   {"load v0 page=0", "= 0x9", ""},
                   {"load v0 page=1", "EFAULT", ""},
                   {"munmap v0", "ok", ""},
                   {"close f2", "ok", ""},
                   {"sync f0 start", "ok", "outcome: expected EINVAL, observed ok"}};
  finding.expected = "EINVAL";
  finding.observed = "ok";
  const Built built(program_of(finding));
  ASSERT_EQ(built.compiled().status, 0) << built.compiled().out;
  EXPECT_EQ(built.on_fake("sync").status, 1) << built.on_fake("sync").out;
  EXPECT_EQ(built.on_fake("none").status, 0) << built.on_fake("none").out;
}

TEST(Reproducer, SaysWhatAMachineLacks) {
  NEED_READER(tests::installed("gcc"), "gcc", "gcc libc6-dev linux-libc-dev");
  const Built built(program_of(offset_ignored(), "heap:no-such-heap"));
  ASSERT_EQ(built.compiled().status, 0) << built.compiled().out;
  EXPECT_EQ(built.alone().status, 4) << built.alone().out;
  EXPECT_THAT(built.alone().out, HasSubstr("/dev/dma_heap/no-such-heap"));
}

TEST(Reproducer, IsRefusedWithTheReason) {
  const auto why = [](const Finding& finding, const std::string& exporter = "") {
    const auto program = render_c(finding, exporter);
    return program ? "no refusal" : program.error();
  };
  EXPECT_THAT(why(offset_ignored("reference:prime")), HasSubstr("--exporter"));
  EXPECT_THAT(why(every_operation("native:udmabuf", true, false)), HasSubstr("only the harness module exports"));
  EXPECT_THAT(why(every_operation("native:udmabuf", false, true)), HasSubstr("only DRM drivers"));
  EXPECT_THAT(why(every_operation("native:harness:nonsense", true, false)), HasSubstr("no 'harness:nonsense!none'"));
  EXPECT_THAT(why(offset_ignored(), "scanner"), HasSubstr("'scanner'"));
  EXPECT_EQ(why(Finding{.target = "native:vgem"}), "the finding has no trace");
  Finding counts = offset_ignored();
  counts.trace.back().note = "map_calls of b0: expected 1, observed 2";
  EXPECT_THAT(why(counts), HasSubstr("map_calls"));
  for (const char* bad : {"fence f0", "load v9 page=0", "load v0", "load v0 page=x", "create b0", "", "sync f0 often",
                          "mmap f0 v0 offset=99999999999999999999 length=1 rw shared", "seek f0 end 1;system(0)"}) {
    Finding finding = offset_ignored();
    finding.trace.insert(finding.trace.begin(), {bad, "ok", ""});
    EXPECT_NE(why(finding), "no refusal") << bad;
  }
  Finding outcome = offset_ignored();
  outcome.trace.front().outcome = "= 1;system(0)";
  EXPECT_THAT(why(outcome), HasSubstr("no outcome"));
}

TEST(Reproducer, IsNotWrittenByItsData) {
  NEED_READER(tests::installed("gcc"), "gcc", "gcc libc6-dev linux-libc-dev");
  Finding finding = offset_ignored("native:heap:\"; system(\"id\"); //\\\n");
  finding.summary = finding.id = finding.kernel = finding.expected = "*/ int x; /* \n#error y\n?\?/";
  finding.clauses = {{"*/", "*/\n#error", "*/"}};
  const std::string text = program_of(finding);
  const Paper source("repro.c", text), binary("repro", "");
  const Heard heard = listen(kGcc + ("-o " + binary.path()) + " " + source.path());
  EXPECT_EQ(heard.status, 0) << heard.out << text;
}

TEST(KernelExporter, IsReadOffTheTarget) {
  EXPECT_EQ(kernel_exporter_of("vm:debian:6.12/udmabuf"), "udmabuf");
  EXPECT_EQ(kernel_exporter_of("vm:file:/boot/bzImage//harness:eager!wrong-size"), "harness:eager!wrong-size");
  EXPECT_EQ(kernel_exporter_of("native:heap:system"), "heap:system");
  EXPECT_EQ(kernel_exporter_of("reference:udmabuf"), "");
}

}  // namespace
}  // namespace dmabuf::reports
