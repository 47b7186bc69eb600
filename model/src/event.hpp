// SPDX-License-Identifier: MIT
/// Events. Operations are events; a few more are what one operation means to another machine.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "dmabuf/model/operation.hpp"

namespace dmabuf::model::event {

struct Born {};     ///< to buffer, storage, handle: exported or created
struct Take {};     ///< to buffer: one more reference
struct Drop {};     ///< to buffer: one reference less
struct Release {};  ///< to buffer, internal: the dentry goes, ops.release runs (dma_buf_release)
struct Install {};  ///< to fd: becomes an open file
struct Ioctl {};    ///< to fd: any dma-buf ioctl
struct Touch {};    ///< to storage: CPU fault, CPU access or device access to contents
struct Begin {};    ///< to cpu_access
struct End {};
struct Await {};         ///< to reservation: CPU access waits for the fences that matter to it
struct AwaitKernel {};   ///< to reservation: a static importer's map waits for KERNEL fences
struct Enter {};         ///< to reservation: a fence joins it
struct Query {};         ///< to reservation: is a fence that matters pending?
struct Signalled {};     ///< to poll_slot: the fence it was armed on has signalled
struct Place {};         ///< to sync_file: becomes an open file
struct Second {};        ///< to sync_file: named as fd2 of a merge
struct CopyOut {};       ///< to sync_file_ioctl: the answer is written
struct Item {};          ///< to memfd: named in a list
struct QueueCall {};     ///< to queue_call: QBUF or PREPARE_BUF is asked for
struct Allot {};         ///< to queue_slot: REQBUFS made it
struct Free {};          ///< to queue_slot: REQBUFS or the close of the file takes it away
struct Cancel {};        ///< to queue_slot: nothing is queued or prepared any more
struct Acquire {};       ///< to plane: a dma-buf is named for it
struct MapPlane {};      ///< to plane: what was acquired is mapped
struct Inspect {};       ///< to plane: has what was mapped gaps?
struct LetGo {};         ///< to plane: what it holds is unmapped, detached and put
struct Split {};    ///< to vma: becomes the part behind a page that was unmapped
struct VmapOnce {};   ///< to vmapping: one more kernel mapping
struct VunmapOnce {};  ///< to vmapping: one less
struct CallsAttach {};  ///< to failure: the exporter's callback is called
struct CallsMap {};
struct CallsPin {};
struct CallsVmap {};
struct CallsBegin {};
struct CallsEnd {};
struct CallsMmap {};
struct Hold {};        ///< to storage: the exporter pins it for an importer

}  // namespace dmabuf::model::event

namespace dmabuf::model {

/// Every event as a number. Operations first, same numbers as Operation's indices.
enum class EventId : std::uint8_t {
  Born = kOperationKinds, Take, Drop, Release, Install, Ioctl, Touch, Begin, End,
  Await, AwaitKernel, Enter, Query, Signalled, Place, Second, CopyOut, Split, VmapOnce, VunmapOnce, Hold,
  CallsAttach, CallsMap, CallsPin, CallsVmap, CallsBegin, CallsEnd, CallsMmap,  // in the order of Callback
  Item, QueueCall, Allot, Free, Cancel, Acquire, MapPlane, Inspect, LetGo,
};
inline constexpr std::size_t kEvents = kOperationKinds + 37;

template <class E>
consteval EventId event_id() {
  if constexpr (std::is_same_v<E, event::Born>) return EventId::Born;
  else if constexpr (std::is_same_v<E, event::Take>) return EventId::Take;
  else if constexpr (std::is_same_v<E, event::Drop>) return EventId::Drop;
  else if constexpr (std::is_same_v<E, event::Release>) return EventId::Release;
  else if constexpr (std::is_same_v<E, event::Install>) return EventId::Install;
  else if constexpr (std::is_same_v<E, event::Ioctl>) return EventId::Ioctl;
  else if constexpr (std::is_same_v<E, event::Touch>) return EventId::Touch;
  else if constexpr (std::is_same_v<E, event::Begin>) return EventId::Begin;
  else if constexpr (std::is_same_v<E, event::End>) return EventId::End;
  else if constexpr (std::is_same_v<E, event::Await>) return EventId::Await;
  else if constexpr (std::is_same_v<E, event::AwaitKernel>) return EventId::AwaitKernel;
  else if constexpr (std::is_same_v<E, event::Enter>) return EventId::Enter;
  else if constexpr (std::is_same_v<E, event::Query>) return EventId::Query;
  else if constexpr (std::is_same_v<E, event::Signalled>) return EventId::Signalled;
  else if constexpr (std::is_same_v<E, event::Place>) return EventId::Place;
  else if constexpr (std::is_same_v<E, event::Second>) return EventId::Second;
  else if constexpr (std::is_same_v<E, event::CopyOut>) return EventId::CopyOut;
  else if constexpr (std::is_same_v<E, event::Split>) return EventId::Split;
  else if constexpr (std::is_same_v<E, event::VmapOnce>) return EventId::VmapOnce;
  else if constexpr (std::is_same_v<E, event::VunmapOnce>) return EventId::VunmapOnce;
  else if constexpr (std::is_same_v<E, event::Hold>) return EventId::Hold;
  else if constexpr (std::is_same_v<E, event::CallsAttach>) return EventId::CallsAttach;
  else if constexpr (std::is_same_v<E, event::CallsMap>) return EventId::CallsMap;
  else if constexpr (std::is_same_v<E, event::CallsPin>) return EventId::CallsPin;
  else if constexpr (std::is_same_v<E, event::CallsVmap>) return EventId::CallsVmap;
  else if constexpr (std::is_same_v<E, event::CallsBegin>) return EventId::CallsBegin;
  else if constexpr (std::is_same_v<E, event::CallsEnd>) return EventId::CallsEnd;
  else if constexpr (std::is_same_v<E, event::CallsMmap>) return EventId::CallsMmap;
  else if constexpr (std::is_same_v<E, event::Item>) return EventId::Item;
  else if constexpr (std::is_same_v<E, event::QueueCall>) return EventId::QueueCall;
  else if constexpr (std::is_same_v<E, event::Allot>) return EventId::Allot;
  else if constexpr (std::is_same_v<E, event::Free>) return EventId::Free;
  else if constexpr (std::is_same_v<E, event::Cancel>) return EventId::Cancel;
  else if constexpr (std::is_same_v<E, event::Acquire>) return EventId::Acquire;
  else if constexpr (std::is_same_v<E, event::MapPlane>) return EventId::MapPlane;
  else if constexpr (std::is_same_v<E, event::Inspect>) return EventId::Inspect;
  else if constexpr (std::is_same_v<E, event::LetGo>) return EventId::LetGo;
  else return static_cast<EventId>(kind_of<E>());
}

constexpr std::string_view event_name(EventId id) {
  constexpr std::array<std::string_view, kEvents - kOperationKinds> internal = {
      "born", "take", "drop", "release", "install", "ioctl", "touch", "begin", "end", "await", "await_kernel",
      "enter", "query", "signalled", "place", "second", "copy_out", "split", "vmap_once",
      "vunmap_once", "hold", "calls_attach", "calls_map", "calls_pin", "calls_vmap", "calls_begin", "calls_end",
      "calls_mmap", "item", "queue_call", "allot", "free", "cancel", "acquire", "map_plane", "inspect", "let_go"};
  const auto index = static_cast<std::size_t>(id);
  return index < kOperationKinds ? kOperationNames[index] : internal[index - kOperationKinds];
}

}  // namespace dmabuf::model
