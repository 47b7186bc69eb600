// SPDX-License-Identifier: MIT
/// Buffers made of memfds by /dev/udmabuf.
#pragma once

#include "dmabuf/adapters/exporter_backend.hpp"

namespace dmabuf::adapters {

/// The memfd of a buffer stays open until reset: Linux 6.1 reports a bad page cache when the last
/// reference to one goes while its pages are mapped through the dma-buf (DBUF-UDM-013). The access
/// asked for is not udmabuf's to choose: its buffers are read-write (DBUF-UDM-008).
OpenedBackend open_udmabuf();

}  // namespace dmabuf::adapters
