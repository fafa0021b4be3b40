#include "probes/log_unpack.hpp"

#include <fcntl.h>
#include <lzma.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace nethealth {
namespace {

constexpr std::size_t step_bytes = 256 * 1024;
/// xz -9 needs 65 MiB; a file that asks for much more is not ours.
constexpr std::uint64_t most_xz_memory_bytes = 128 * 1024 * 1024;

using Take = std::function<Result<void>(std::string_view)>;

Result<void> cannot(const std::string& path, const std::string& why) {
  return failure(path, "cannot be unpacked: " + why);
}

Result<void> unpack_gzip(const std::string& path, const Take& take) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> packed(gzopen(path.c_str(), "rbe"), gzclose);
  if (!packed) return cannot(path, std::strerror(errno));
  std::vector<char> room(step_bytes);
  for (;;) {
    const int got = gzread(packed.get(), room.data(), static_cast<unsigned>(room.size()));
    if (got < 0) return cannot(path, "it is damaged");
    if (got == 0) {
      int error = Z_OK;  // of a file that ends too early zlib speaks only here
      gzerror(packed.get(), &error);
      return error == Z_OK || error == Z_STREAM_END ? Result<void>{} : cannot(path, "it ends too early");
    }
    if (Result<void> taken = take({room.data(), static_cast<std::size_t>(got)}); !taken) return taken;
  }
}

/// A descriptor and a decoder that end with it.
struct XzReader {
  int descriptor = -1;
  lzma_stream stream = LZMA_STREAM_INIT;
  XzReader() = default;
  XzReader(const XzReader&) = delete;
  XzReader& operator=(const XzReader&) = delete;
  ~XzReader() {
    lzma_end(&stream);
    if (descriptor >= 0) close(descriptor);
  }
};

Result<void> unpack_xz(const std::string& path, const Take& take) {
  XzReader reader;
  reader.descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (reader.descriptor < 0) return cannot(path, std::strerror(errno));
  if (lzma_stream_decoder(&reader.stream, most_xz_memory_bytes, LZMA_CONCATENATED) != LZMA_OK)
    return cannot(path, "no memory for it");
  std::vector<std::uint8_t> packed(step_bytes), room(step_bytes);
  lzma_action action = LZMA_RUN;
  for (;;) {
    if (reader.stream.avail_in == 0 && action == LZMA_RUN) {
      const ssize_t got = ::read(reader.descriptor, packed.data(), packed.size());
      if (got < 0) return cannot(path, std::strerror(errno));
      if (got == 0) action = LZMA_FINISH;
      reader.stream.next_in = packed.data();
      reader.stream.avail_in = static_cast<std::size_t>(got);
    }
    reader.stream.next_out = room.data();
    reader.stream.avail_out = room.size();
    const lzma_ret result = lzma_code(&reader.stream, action);
    const std::string_view piece(reinterpret_cast<const char*>(room.data()),
                                 room.size() - reader.stream.avail_out);
    if (!piece.empty())
      if (Result<void> taken = take(piece); !taken) return taken;
    if (result == LZMA_STREAM_END) return {};
    if (result != LZMA_OK) return cannot(path, "it is damaged");
  }
}

}  // namespace

bool can_be_unpacked(std::string_view name) {
  return name.ends_with(".gz") || name.ends_with(".xz");
}

Result<void> unpack_file(const std::string& path, const Take& take) {
  return path.ends_with(".xz") ? unpack_xz(path, take) : unpack_gzip(path, take);
}

}  // namespace nethealth
