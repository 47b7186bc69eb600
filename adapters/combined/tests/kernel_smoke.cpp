// SPDX-License-Identifier: MIT
// A fixed life of two buffers on every target this kernel has (or on those named), every outcome
// and every observation printed. It judges nothing but leaks: exit status 1 if something was left
// behind or an adapter broke, 77 if there was no target at all.
//
//   kernel_smoke [--bench] [--raw] [--defect <name>] [target...]
//
// --raw prints once, with a device attached, what the kernel's own files say.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "dmabuf/adapters/kernel_adapter.hpp"

namespace {

using namespace dmabuf::model;
using namespace dmabuf::adapters;
using dmabuf::conformance::Adapter;
using dmabuf::conformance::HarnessError;

constexpr BufferId b0{0}, b1{1};
constexpr FdId f0{0}, f1{1}, f2{2}, f3{3}, f4{4};
constexpr ReferenceId r0{0}, r1{1}, r2{2};
constexpr AttachmentId a0{0}, a1{1};
constexpr MappingId m0{0}, m1{1}, m2{2};
constexpr VmapId w0{0}, w1{1};
constexpr VmaId v0{0}, v1{1}, v2{2};
constexpr MessageId s0{0}, s1{1};
constexpr auto kYes = CloseOnExec::Yes;
constexpr auto kNo = CloseOnExec::No;
constexpr auto kGood = Argument::Good;
constexpr auto kRw = Protection::ReadWrite;

struct Step {
  const char* text;
  Operation operation;
};

std::vector<Step> birth(bool exports) {
  if (!exports)
    return {{"create b0 f0 2 rw cloexec", op::Create{b0, f0, 2, Access::ReadWrite, kYes}},
            {"create b1 f3 1 ro", op::Create{b1, f3, 1, Access::ReadOnly, kNo}},
            {"create b2 f5 0 rw", op::Create{BufferId{2}, FdId{5}, 0, Access::ReadWrite, kNo}}};
  return {{"export b0 r1 2 rw", op::Export{b0, r1, 2, Access::ReadWrite}},
          {"export b1 r2 1 ro", op::Export{b1, r2, 1, Access::ReadOnly}},
          {"install_fd r1 f0 cloexec", op::InstallFd{r1, f0, kYes}},
          {"install_fd r2 f3", op::InstallFd{r2, f3, kNo}},
          {"install_fd r2 f5 (empty)", op::InstallFd{r2, FdId{5}, kNo}}};
}

const std::vector<Step> kLife = {
    {"mmap f0 v0 0+2 rw", op::Mmap{f0, v0, 0, 2, kRw, Sharing::Shared}},
    {"load v0 1", op::Load{v0, 1}},
    {"store v0 0 77", op::Store{v0, 0, 77}},
    {"store v0 1 99", op::Store{v0, 1, 99}},
    {"load v0 1", op::Load{v0, 1}},
    {"mmap f0 0+3 rw (too long)", op::Mmap{f0, v1, 0, 3, kRw, Sharing::Shared}},
    {"mmap f0 0+0 rw (empty)", op::Mmap{f0, v1, 0, 0, kRw, Sharing::Shared}},
    {"mmap f0 v2 0+1 rw private", op::Mmap{f0, v2, 0, 1, kRw, Sharing::Private}},
    {"munmap v2", op::Munmap{v2}},
    {"mmap f3 v2 0+1 rw (read-only buffer)", op::Mmap{f3, v2, 0, 1, kRw, Sharing::Shared}},
    {"dup f0 f1", op::Dup{f0, f1, kNo}},
    {"dup bad f4", op::Dup{kBadFd, f4, kNo}},
    {"send f1 s0", op::Send{f1, s0}},
    {"close f1", op::Close{f1}},
    {"receive s0 f2 cloexec (p1)", op::Receive{s0, f2, kYes}},
    {"set_name f2 spaced", op::SetName{f2, NameId::Spaced, kGood}},
    {"set_name f0 too-long", op::SetName{f0, NameId::TooLong, kGood}},
    {"set_name f2 unmapped", op::SetName{f2, NameId::Short, Argument::Unmapped}},
    {"seek f2 end 0", op::Seek{f2, Whence::End, 0}},
    {"seek f0 cur 0", op::Seek{f0, Whence::Cur, 0}},
    {"sync f0 end rw (no start before)", op::Sync{f0, SyncFlags::EndBoth, kGood}},
    {"sync f2 start rw", op::Sync{f2, SyncFlags::StartBoth, kGood}},
    {"sync f2 end rw", op::Sync{f2, SyncFlags::EndBoth, kGood}},
    {"sync f0 0", op::Sync{f0, SyncFlags::NoDirection, kGood}},
    {"sync f0 read|1<<32", op::Sync{f0, SyncFlags::UnknownHighBit, kGood}},
    {"sync f2 unmapped", op::Sync{f2, SyncFlags::StartBoth, Argument::Unmapped}},
    {"get bad r0", op::Get{kBadFd, r0}},
    {"get foreign r0", op::Get{kForeignFd, r0}},
    {"map a0 m0 (empty)", op::Map{a0, m0, Direction::Bidirectional}},
    {"get f2 r0 (p1)", op::Get{f2, r0}},
    {"attach r0 d0 a0", op::Attach{r0, kLaxDevice, a0}},
    {"map a0 m0 bidirectional", op::Map{a0, m0, Direction::Bidirectional}},
    {"detach a0 (mapped)", op::Detach{a0}},
    {"device_read m0 0", op::DeviceRead{m0, 0}},
    {"device_write m0 0 55", op::DeviceWrite{m0, 0, 55}},
    {"load v0 0", op::Load{v0, 0}},
    {"device_read m0 7", op::DeviceRead{m0, 7}},
    {"vmap r0 w0", op::Vmap{r0, w0}},
    {"vmap r0 w1", op::Vmap{r0, w1}},
    {"vmap_read w1 0", op::VmapRead{w1, 0}},
    {"vunmap w1", op::Vunmap{w1}},
    {"vunmap w0", op::Vunmap{w0}},
    {"begin_cpu_access r0 bidirectional", op::BeginCpuAccess{r0, Direction::Bidirectional}},
    {"end_cpu_access r0 bidirectional", op::EndCpuAccess{r0, Direction::Bidirectional}},
    {"attach r0 d1 a1 (strict)", op::Attach{r0, kStrictDevice, a1}},
    {"map a1 m1 to_device", op::Map{a1, m1, Direction::ToDevice}},
    {"unmap m0", op::Unmap{m0}},
    {"map a1 m2 to_device", op::Map{a1, m2, Direction::ToDevice}},
    {"load v0 0", op::Load{v0, 0}},
    {"unmap m1", op::Unmap{m1}},
    {"unmap m2", op::Unmap{m2}},
    {"detach a1", op::Detach{a1}},
    {"put r0 (attached)", op::Put{r0}},
    {"detach a0", op::Detach{a0}},
    {"close f0", op::Close{f0}},
    {"close f0 (again)", op::Close{f0}},
    {"send f2 s1 (from p1)", op::Send{f2, s1}},
    {"mmap f2 v1 1+1 ro (p1)", op::Mmap{f2, v1, 1, 1, Protection::Read, Sharing::Shared}},
    {"load v1 0 (p1)", op::Load{v1, 0}},
    {"store v1 0 3 (p1, read-only)", op::Store{v1, 0, 3}},
    {"close f2", op::Close{f2}},
    {"put r0", op::Put{r0}},
    {"munmap v0", op::Munmap{v0}},
    {"discard s1", op::Discard{s1}},
    {"munmap v1", op::Munmap{v1}},
    {"close_handle b0", op::CloseHandle{b0}},
    {"close_handle b0 (again)", op::CloseHandle{b0}},
    // b1 and f3 are left to reset().
};

void print(const Outcome& outcome) {
  if (!outcome)
    std::printf("%s", ::strerrorname_np(outcome.error().value));
  else if (outcome->value == kTorn)
    std::printf("torn");
  else
    std::printf("ok %llu", static_cast<unsigned long long>(outcome->value));
}

void print(const Observation& seen) {
  constexpr const char* kShort[kAspects] = {"listed", "refs",   "atts",   "maps",  "size",
                                            "name",   "access", "attach", "detach", "map",
                                            "unmap",  "begin",  "end",    "release", "refused",
                                            "map-dirs", "unmap-dirs", "begin-dirs", "end-dirs"};
  for (std::size_t b = 0; b < kMaxBuffers; ++b) {
    const BufferSeen& it = seen.buffers[b];
    if (it.seen == 0) continue;
    std::printf(" | b%zu", b);
    for (std::size_t a = 0; a < kAspects; ++a) {
      const auto aspect = static_cast<Aspect>(a);
      if (!it.has(aspect)) continue;
      if (aspect == Aspect::Name)
        std::printf(" name='%.*s'", static_cast<int>(it.name.length), it.name.bytes.data());
      else
        std::printf(" %s=%lld", kShort[a], static_cast<long long>(it[aspect]));
    }
  }
  std::printf(" | fds ");
  for (const FdSeen& fd : seen.fds)
    std::printf("%c", !fd.seen ? '-' : !fd.open ? '0' : fd.close_on_exec ? 'x' : '1');
  std::printf("\n");
}

void print_file(const std::filesystem::path& path, const char* only_with) {
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  if (text.find(only_with) == std::string::npos) return;
  std::printf("--- %s\n%s---\n", path.c_str(), text.c_str());
}

bool live(Adapter& adapter, bool raw) {
  const auto alphabet = adapter.alphabet();
  const bool exports = alphabet[kind_of<op::Export>()];
  std::vector<Step> steps = birth(exports);
  steps.insert(steps.end(), kLife.begin(), kLife.end());
  Observation seen;
  for (const Step& step : steps) {
    if (!alphabet[step.operation.index()]) continue;
    bool mapped = false;
    try {
      const Outcome outcome = adapter.apply(step.operation);
      mapped = outcome && step.operation.index() == kind_of<op::Map>();
      std::printf("  %-36s -> ", step.text);
      print(outcome);
    } catch (const HarnessError& error) {
      std::printf("  %-36s -> not asked: %s", step.text, error.what());
    }
    adapter.observe(seen);
    print(seen);
    if (!raw || !mapped) continue;
    raw = false;
    print_file("/sys/kernel/debug/dma_buf/bufinfo", "");
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo"))
      print_file(entry.path(), "exp_name:");
  }
  adapter.reset();
  adapter.observe(seen);
  bool clean = true;
  for (const auto& left : adapter.residue()) {
    std::printf("  residue: %ld %s\n", left.count, left.what.c_str());
    clean = false;
  }
  std::printf("  reset: %s\n", clean ? "clean" : "NOT CLEAN");
  return clean;
}

void bench(Adapter& adapter) {
  const auto alphabet = adapter.alphabet();
  if (!alphabet[kind_of<op::Create>()] && !alphabet[kind_of<op::Export>()]) return;
  for (const Step& step : birth(alphabet[kind_of<op::Export>()]))
    if (step.operation.index() != kind_of<op::Create>() ||
        std::get<op::Create>(step.operation).pages > 0)
      (void)adapter.apply(step.operation);
  (void)adapter.apply(op::Dup{f0, f1, kNo});
  (void)adapter.apply(op::Send{f1, s0});
  (void)adapter.apply(op::Receive{s0, f2, kNo});
  Observation seen;
  const auto rate = [](const char* what, int times, auto body) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < times; ++i) body();
    const std::chrono::duration<double, std::micro> spent =
        std::chrono::steady_clock::now() - start;
    std::printf("  bench: %-28s %8.2f us\n", what, spent.count() / times);
  };
  rate("dup + close", 2000, [&] {
    (void)adapter.apply(op::Dup{f0, f4, kNo});
    (void)adapter.apply(op::Close{f4});
  });
  rate("dup + close in p1", 200, [&] {
    (void)adapter.apply(op::Dup{f2, f4, kNo});
    (void)adapter.apply(op::Close{f4});
  });
  rate("observe", 1000, [&] { adapter.observe(seen); });
  if (alphabet[kind_of<op::Get>()]) {
    (void)adapter.apply(op::Get{f0, r0});
    (void)adapter.apply(op::Get{f3, r1});
    rate("observe, all by reference", 1000, [&] { adapter.observe(seen); });
  }
  adapter.reset();
  rate("birth + reset + residue", 300, [&] {
    (void)adapter.apply(birth(alphabet[kind_of<op::Export>()])[0].operation);
    adapter.reset();
    (void)adapter.residue();
  });
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::vector<std::string> targets;
  std::string defect = "none";
  bool benches = false;
  bool raw = false;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--bench") == 0)
      benches = true;
    else if (std::strcmp(argv[i], "--raw") == 0)
      raw = true;
    else if (std::strcmp(argv[i], "--defect") == 0 && i + 1 < argc)
      defect = argv[++i];
    else
      targets.emplace_back(argv[i]);
  }
  const Machine machine = probe();
  std::printf("root %d, harness %d, defects %d, bufinfo %d\n", machine.root, machine.harness,
              machine.harness_defects, machine.bufinfo);
  for (const Lack& lack : machine.lacks)
    std::printf("lacks: %s (%s)\n", lack.what.c_str(), lack.remedy.c_str());
  for (const Offer& offer : machine.targets) {
    std::printf("%-18s %s%s\n", offer.target.c_str(), offer.available ? "available" : "SKIP: ",
                offer.available ? "" : (offer.reason + " (" + offer.remedy + ")").c_str());
  }
  if (targets.empty())
    for (const Offer& offer : machine.targets)
      if (offer.available) targets.push_back(offer.target);
  if (targets.empty()) return 77;
  bool clean = true;
  for (const std::string& target : targets) {
    KernelTarget wanted;
    wanted.exporter = target;
    wanted.defect = defect;
    try {
      Opened opened = open_kernel_adapter(wanted);
      if (!opened.adapter) {
        std::printf("== %s: %s (%s)\n", target.c_str(), opened.reason.c_str(),
                    opened.remedy.c_str());
        clean = false;
        continue;
      }
      std::printf("== %s, %zu kinds of operations\n", std::string(opened.adapter->name()).c_str(),
                  opened.adapter->alphabet().count());
      clean = live(*opened.adapter, raw) && clean;
      if (benches) bench(*opened.adapter);
    } catch (const HarnessError& error) {
      std::printf("== %s: %s\n", target.c_str(), error.what());
      clean = false;
    }
  }
  std::printf("== done, %s\n", clean ? "clean" : "NOT CLEAN");
  return clean ? 0 : 1;
}
