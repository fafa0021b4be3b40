#pragma once

namespace nethealth {

/// Asked for of the kernel for a socket that many devices write to at once; the default holds some 256
/// messages, and what does not fit is lost without a word.
inline constexpr int datagram_buffer_bytes = 4 * 1024 * 1024;

}  // namespace nethealth
