// SPDX-License-Identifier: MIT
#include "dmabuf/boot/protocol.hpp"

namespace dmabuf::protocol {

std::uint16_t crc16_ccitt(std::string_view bytes) {
  std::uint32_t crc = 0xffff;
  for (const char byte : bytes) {
    crc ^= static_cast<std::uint32_t>(static_cast<unsigned char>(byte)) << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000U) != 0 ? (crc << 1) ^ 0x1021U : crc << 1;
    crc &= 0xffffU;
  }
  return static_cast<std::uint16_t>(crc);
}

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = 0xffffffffU;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? (crc >> 1) ^ 0xedb88320U : crc >> 1;
  }
  return ~crc;
}

}  // namespace dmabuf::protocol
