// SPDX-License-Identifier: MIT
#include "dmabuf/conformance/trace.hpp"
#include "dmabuf/model/reply.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cerrno>
#include <sstream>

#include "arbitrary.hpp"
#include "dmabuf/model/bounds.hpp"

namespace dmabuf::conformance {
namespace {

using namespace model;

/// Neither GoogleTest nor RapidCheck can compare an optional of an expected by itself.
bool same(const std::optional<Outcome>& a, const std::optional<Outcome>& b) {
  return a.has_value() == b.has_value() && (!a || *a == *b);
}

TEST(Trace, SpellsEveryKindOfOperation) {
  const std::pair<Operation, const char*> spelled[] = {
      {op::Export{{0}, {0}, 2, Access::ReadWrite}, "export b0 r0 pages=2 access=rw"},
      {op::Create{{0}, {0}, 2, Access::ReadOnly, CloseOnExec::Yes}, "create b0 f0 pages=2 access=ro cloexec"},
      {op::Create{{0}, {0}, 0, Access::WriteOnly, CloseOnExec::No, CreationFlags::Unknown},
       "create b0 f0 pages=0 access=wo flags=unknown"},
      {op::CloseHandle{{0}}, "close_handle b0"},
      {op::CloseHandle{{1}, DrmFile::Second}, "close_handle b1 second"},
      {op::CreateDumb{{0}, 2}, "create_dumb b0 pages=2"},
      {op::HandleToFd{{0}, {1}, Access::ReadOnly, CloseOnExec::Yes}, "handle_to_fd b0 f1 access=ro cloexec"},
      {op::HandleToFd{{0}, {1}, Access::ReadWrite, CloseOnExec::No, DrmFile::Second, CreationFlags::Unknown},
       "handle_to_fd b0 f1 access=rw second flags=unknown"},
      {op::FdToHandle{{0}}, "fd_to_handle f0"},
      {op::Memfd{{1}, 2, Seals::FutureWrite}, "memfd n1 pages=2 seals=shrink|future_write"},
      {op::CloseMemfd{{1}}, "close_memfd n1"},
      {op::Reqbufs{2}, "reqbufs count=2"},
      {op::Reqbufs{0, VideoMemory::Unknown, VideoFile::Second}, "reqbufs count=0 memory=unknown second"},
      {op::Qbuf{1, {0}}, "qbuf index=1 f0"},
      {op::Qbuf{0, kBadFd, VideoLength::Long, VideoMemory::Unknown, VideoFile::Second},
       "qbuf index=0 bad length=long memory=unknown second"},
      {op::PrepareBuf{2, kForeignFd, VideoLength::Image}, "prepare_buf index=2 foreign length=image"},
      {op::Dqbuf{}, "dqbuf"},
      {op::StreamOn{VideoFile::Second}, "streamon second"},
      {op::StreamOff{}, "streamoff"},
      {op::CloseVideo{}, "close_video"},
      {op::FillFds{ProcessId{1}}, "fill_fds p1"},
      {op::FreeFds{ProcessId{0}}, "free_fds p0"},
      {op::WriteMemfd{{0}, 1, 0x11}, "write_memfd n0 page=1 tag=0x11"},
      {op::ReadMemfd{{0}, 1}, "read_memfd n0 page=1"},
      {op::CreateList{{0}, {1}, {0}, 1, 2, kForeignMemfd, 0, 1, ListForm::OddSize, CloseOnExec::Yes},
       "create_list b0 f1 n0 from=1 pages=2 foreign from2=0 pages2=1 odd_size cloexec"},
      {op::Create{{0}, {0}, 1, Access::ReadWrite, CloseOnExec::No, CreationFlags::Answer},
       "create b0 f0 pages=1 access=rw flags=answer"},
      {op::FdToHandle{kForeignFd, DrmFile::Second}, "fd_to_handle foreign second"},
      {op::InstallFd{{0}, {1}, CloseOnExec::Yes}, "install_fd r0 f1 cloexec"},
      {op::Dup{{0}, {1}, CloseOnExec::No}, "dup f0 f1"},
      {op::Close{{0}}, "close f0"},
      {op::Send{{0}, {0}}, "send f0 s0"},
      {op::Receive{{0}, {2}, CloseOnExec::No}, "receive s0 f2"},
      {op::Discard{{0}}, "discard s0"},
      {op::Get{kBadFd, {0}}, "get bad r0"},
      {op::Get{kForeignFd, {0}}, "get foreign r0"},
      {op::Put{{0}}, "put r0"},
      {op::Attach{{0}, {1}, {0}}, "attach r0 d1 a0"},
      {op::Detach{{0}}, "detach a0"},
      {op::Map{{0}, {0}, Direction::ToDevice}, "map a0 m0 to_device"},
      {op::Unmap{{0}}, "unmap m0"},
      {op::DeviceRead{{0}, 1}, "device_read m0 page=1"},
      {op::DeviceWrite{{0}, 1, 0x11}, "device_write m0 page=1 tag=0x11"},
      {op::BeginCpuAccess{{0}, Direction::FromDevice}, "begin_cpu_access r0 from_device"},
      {op::EndCpuAccess{{0}, Direction::Bidirectional}, "end_cpu_access r0 bidirectional"},
      {op::Sync{{0}, SyncFlags::StartRead, Argument::Good}, "sync f0 start|read"},
      {op::Sync{{0}, SyncFlags::EndBoth, Argument::Unmapped}, "sync f0 end|read|write argument=unmapped"},
      {op::Sync{{0}, SyncFlags::UnknownHighBit, Argument::Good}, "sync f0 start|read|0x100000000"},
      {op::Mmap{{0}, {0}, 1, 1, Protection::ReadWrite, Sharing::Shared}, "mmap f0 v0 offset=1 length=1 rw shared"},
      {op::Munmap{{0}}, "munmap v0"},
      {op::Store{{0}, 0, 0x12}, "store v0 page=0 tag=0x12"},
      {op::Load{{0}, 0}, "load v0 page=0"},
      {op::Seek{{0}, Whence::End, 0}, "seek f0 end 0"},
      {op::Seek{{0}, Whence::Cur, -4096}, "seek f0 cur -4096"},
      {op::SetName{{0}, NameId::Short, Argument::Good}, "set_name f0 \"scanout\""},
      {op::SetName{{0}, NameId::Spaced, Argument::Unmapped}, "set_name f0 \"two words\" argument=unmapped"},
      {op::SetName{{0}, NameId::Empty, Argument::Good}, "set_name f0 \"\""},
      {op::AddFence{{0}, {0}, Usage::Write, Timeline::Own}, "add_fence f0 c0 write"},
      {op::AddFence{{0}, {1}, Usage::Bookkeep, Timeline::First}, "add_fence f0 c1 bookkeep timeline=t0"},
      {op::SignalFence{{0}, FenceResult::Ok}, "signal c0"},
      {op::SignalFence{{1}, FenceResult::Error}, "signal c1 error"},
      {op::Poll{{0}, Events::Both}, "poll f0 in|out"},
      {op::Poll{kBadFd, Events::None}, "poll bad nothing"},
      {op::ExportSyncFile{{0}, {0}, FenceFlags::Read, OutArgument::Good}, "export_sync_file f0 y0 read"},
      {op::ExportSyncFile{{0}, {0}, FenceFlags::Unknown, OutArgument::ReadOnly},
       "export_sync_file f0 y0 read|0x4 argument=readonly"},
      {op::ImportSyncFile{{0}, kForeignSyncFile, FenceFlags::Both, Argument::Good},
       "import_sync_file f0 foreign read|write"},
      {op::MergeSyncFiles{{0}, kBadSyncFile, {1}, MergeForm::Good, OutArgument::Good}, "merge y0 bad y1"},
      {op::MergeSyncFiles{{0}, {1}, {2}, MergeForm::Flags, OutArgument::Unmapped},
       "merge y0 y1 y2 set=flags argument=unmapped"},
      {op::FileInfo{{0}, InfoForm::OneRecord, OutArgument::Good}, "file_info y0 one_record"},
      {op::PollSyncFile{{0}, Events::In}, "poll_sync_file y0 in"},
      {op::CloseSyncFile{{0}}, "close_sync_file y0"},
      {op::Mprotect{{0}, Protection::ReadWrite}, "mprotect v0 rw"},
      {op::MunmapPage{{0}, {1}, 1}, "munmap_page v0 v1 page=1"},
      {op::Mremap{{0}, 2}, "mremap v0 length=2"},
      {op::Move{{0}}, "move v0"},
      {op::Fork{{0}}, "fork k0"},
      {op::ChildLoad{{0}, {1}, 2}, "child_load k0 v1 page=2"},
      {op::Exec{{0}}, "exec k0"},
      {op::Exit{{0}}, "exit k0"},
      {op::Exit{{0}, Ending::Killed}, "exit k0 killed"},
      {op::Vmap{{1}, {0}}, "vmap r1 w0"},
      {op::Vunmap{{2}}, "vunmap w2"},
      {op::VmapRead{{0}, 3}, "vmap_read w0 page=3"},
      {op::VmapWrite{{0}, 1, 0x2a}, "vmap_write w0 page=1 tag=0x2a"},
      {op::AttachDynamic{{0}, {1}, {2}}, "attach_dynamic r0 d1 a2"},
      {op::Pin{{0}}, "pin a0"},
      {op::Unpin{{3}}, "unpin a3"},
      {op::Migrate{{1}}, "migrate r1"},
      {op::Fail{{0}, Callback::Begin, 2, Failure::Io}, "fail b0 begin_cpu_access nth=2 error=EIO"},
      {op::Fail{{1}, Callback::Attach, 0, Failure::NoMemory}, "fail b1 attach nth=0 error=ENOMEM"},
  };
  std::bitset<kOperationKinds> seen;
  for (const auto& [operation, text] : spelled) {
    EXPECT_EQ(to_text(operation), text);
    const auto parsed = parse_operation(text);
    ASSERT_TRUE(parsed) << parsed.error().message();
    EXPECT_EQ(*parsed, operation) << text;
    seen.set(operation.index());
  }
  EXPECT_TRUE(seen.all()) << "a kind without an example";
}

TEST(Trace, WritesRepliesOfWordsAsWords) {
  const std::pair<std::string_view, std::uint64_t> lines[] = {
      {"poll f0 in|out -> = in", kPollIn},
      {"poll f0 in|out -> = none", 0},
      {"poll f0 in|out -> = 0x400", 0x400},
      {"poll_sync_file y0 in -> = in", kPollIn},
      {"file_info y0 count -> = pending:2", FenceInfo{FenceInfo::Status::Pending, 2}.reply()},
      {"file_info y0 records -> = failed:3,1,1", FenceInfo{FenceInfo::Status::Failed, 3, true, 1, 1}.reply()},
  };
  for (const auto& [text, value] : lines) {
    const auto trace = parse_trace(text);
    ASSERT_TRUE(trace) << trace.error().message();
    ASSERT_TRUE(trace->lines.front().outcome) << text;
    EXPECT_EQ(**trace->lines.front().outcome, Reply{value}) << text;
    EXPECT_EQ(to_text(*trace->lines.front().outcome, trace->lines.front().operation),
              text.substr(text.find("-> ") + 3));
  }
  EXPECT_FALSE(parse_trace("file_info y0 count -> = pending:"));
  EXPECT_FALSE(parse_trace("poll f0 in -> = pending:1"));
}

RC_GTEST_PROP(Trace, RoundTripsThroughText, ()) {
  Trace trace{.model = "0123abcd", .lines = {}};
  for (const Operation& operation : (*arbitrary::program()).operations) {
    TraceLine line{operation, {}};
    if (*rc::gen::arbitrary<bool>()) line.outcome = *arbitrary::outcome();
    trace.lines.push_back(line);
  }
  const std::string text = to_text(trace);
  const auto parsed = parse_trace(text);
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(parsed->model == trace.model);
  RC_ASSERT(parsed->program() == trace.program());
  for (std::size_t i = 0; i < trace.lines.size(); ++i)
    RC_ASSERT(same(parsed->lines[i].outcome, trace.lines[i].outcome));
  RC_ASSERT(to_text(*parsed) == text);
}

TEST(Trace, RoundTripsTheWholeAlphabetOfTheModel) {
  for (const Operation& operation : all_operations(Bounds{})) {
    const auto parsed = parse_operation(to_text(operation));
    ASSERT_TRUE(parsed) << to_text(operation) << ": " << parsed.error().message();
    ASSERT_EQ(*parsed, operation);
  }
}

TEST(Trace, ReadsHeaderCommentsBlankLinesAndOutcomes) {
  const auto trace = parse_trace(
      "# dbt 1 model=3f9c0a7e\n"
      "\n"
      "  create b0 f0 access=rw pages=2   cloexec -> ok   # any order\r\n"
      "# a remark\n"
      "get bad r0 -> EBADF\n"
      "seek f0 end 0 -> = 8192\n"
      "load v0 page=0 -> = 0x11\n"
      "load v0 page=1 -> = torn\n"
      "set_name f0 \"two words\"# remark");
  ASSERT_TRUE(trace) << trace.error().message();
  EXPECT_EQ(trace->model, "3f9c0a7e");
  ASSERT_EQ(trace->lines.size(), 6U);
  EXPECT_TRUE(same(trace->lines[0].outcome, Outcome(Reply{0})));
  EXPECT_TRUE(same(trace->lines[1].outcome, refused(EBADF)));
  EXPECT_TRUE(same(trace->lines[2].outcome, done(8192)));
  EXPECT_TRUE(same(trace->lines[3].outcome, done(0x11)));
  EXPECT_TRUE(same(trace->lines[4].outcome, done(kTorn)));
  EXPECT_TRUE(same(trace->lines[5].outcome, std::nullopt));
}

TEST(Trace, NamesLineColumnAndWhatWasExpected) {
  const std::pair<const char*, const char*> wrong[] = {
      {"get f0 r0\nget q1 r0", "line 2, column 5: expected an fd slot (f0 to f5, bad or foreign), found 'q1'"},
      {"export b9 r0 pages=1 access=rw", "line 1, column 8: expected a buffer slot (b0 to b2), found 'b9'"},
      {"exprt b0", "line 1, column 1: expected an operation, found 'exprt'"},
      {"export b0 r0 pages=7 access=rw", "line 1, column 20: expected a number of pages (0 to 4), found '7'"},
      {"export b0 r0 pages=1", "line 1, column 21: expected access=one of ro wo rw, found the end of the line"},
      {"get f0", "line 1, column 7: expected a reference slot (r0 to r3), found the end of the line"},
      {"get f0 r0 r1", "line 1, column 11: expected the end of the operation, found 'r1'"},
      {"get f0 r0 -> EWHAT", "line 1, column 14: expected an outcome (ok, an errno's name, or = and a number), found 'EWHAT'"},
      {"get f0 r0 ->", "line 1, column 13: expected an outcome (ok, an errno's name, or = and a number), found the end of the line"},
      {"seek f0 end 0 -> = x", "line 1, column 20: expected a number or torn, found 'x'"},
      {"set_name f0 \"nobody's\"",
       "line 1, column 13: expected one of \"\" \"scanout\" \"camera-0\" \"two words\" "
       "\"exactly-thirty-one-characters-x\" \"exactly-thirty-two-characters-xx\", found '\"nobody's\"'"},
      {"# dbt 2 model=x\nget f0 r0", "line 1, column 7: expected version 1 of the format, found '2'"},
      {"dup f0 f1 cloexec cloexec", "line 1, column 19: expected the end of the operation, found 'cloexec'"},
  };
  for (const auto& [text, message] : wrong) {
    const auto trace = parse_trace(text);
    ASSERT_FALSE(trace) << text;
    EXPECT_EQ(trace.error().message(), message);
  }
}

TEST(Trace, PrintsAProgramAsLinesThatReplay) {
  std::ostringstream out;
  out << Program{{op::Get{kBadFd, {0}}, op::Close{{1}}}};
  EXPECT_EQ(out.str(), "get bad r0\nclose f1\n");
}

/// Whatever is done to a text, the parser gives a trace or an error. And a trace it gives is one that
/// it can write and read again.
RC_GTEST_PROP(Trace, SurvivesDamagedTexts, ()) {
  std::string text = to_text(*arbitrary::program(), "0123abcd");
  const auto damages = *rc::gen::inRange(1, 8);
  for (int i = 0; i < damages && !text.empty(); ++i) {
    const auto at = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::size_t>(0, text.size()));
    switch (*rc::gen::inRange(0, 4)) {
      case 0: text[at] = static_cast<char>(*rc::gen::inRange(0, 256)); break;
      case 1: text.erase(at, *rc::gen::inRange<std::size_t>(1, 20)); break;
      case 2: text.insert(at, *rc::gen::element<std::string>("\"", "->", "=", "#", " ", "\n", "0x", "-", "99999999999999999999", "b0", "|")); break;
      default: text.insert(at, text.substr(0, at)); break;
    }
  }
  const auto parsed = parse_trace(text);
  if (parsed) {
    const auto again = parse_trace(to_text(*parsed));
    RC_ASSERT(again.has_value());
    RC_ASSERT(again->program() == parsed->program());
  } else {
    RC_ASSERT(parsed.error().line >= 1U);
    RC_ASSERT(parsed.error().column >= 1U);
    RC_ASSERT(!parsed.error().message().empty());
  }
}

RC_GTEST_PROP(Trace, SurvivesNoise, (const std::string& noise)) {
  (void)parse_trace(noise);
  (void)parse_operation(noise);
}

}  // namespace
}  // namespace dmabuf::conformance
