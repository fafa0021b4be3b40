#include "agent/line_reader.hpp"

#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace nethealth {
namespace {

constexpr std::size_t buffer_bytes = 128 * 1024;

}  // namespace

struct LineReader::Stream {
  explicit Stream(gzFile opened) : file(opened) { gzbuffer(file, buffer_bytes); }
  ~Stream() { gzclose(file); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// False at the end.
  bool fill() {
    const int got = gzread(file, buffer.data(), static_cast<unsigned>(buffer.size()));
    int code = Z_OK;
    const char* const text = gzerror(file, &code);
    if (got < 0 || (code != Z_OK && code != Z_STREAM_END))
      failure = code == Z_ERRNO ? std::strerror(errno) : std::string(text);
    begin = 0;
    end = got > 0 ? static_cast<std::size_t>(got) : 0;
    return got > 0;
  }

  gzFile file;
  std::size_t limit = 0;
  std::array<char, buffer_bytes> buffer;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string failure;
};

Result<LineReader> LineReader::open(const std::string& path, std::size_t limit) {
  errno = 0;
  const gzFile file = path == "-" ? gzdopen(dup(STDIN_FILENO), "rb") : gzopen(path.c_str(), "rb");
  if (file == nullptr)
    return nethealth::failure(
        path, std::string("cannot be opened: ") + (errno != 0 ? std::strerror(errno) : "out of memory"));
  auto stream = std::make_unique<Stream>(file);
  stream->limit = limit;
  return LineReader(std::move(stream));
}

LineReader::LineReader(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}
LineReader::LineReader(LineReader&&) noexcept = default;
LineReader& LineReader::operator=(LineReader&&) noexcept = default;
LineReader::~LineReader() = default;

std::optional<ReadLine> LineReader::next() {
  ReadLine line;
  bool any = false;
  for (;;) {
    if (stream_->begin == stream_->end && (!stream_->failure.empty() || !stream_->fill())) {
      if (!any) return std::nullopt;
      break;
    }
    any = true;
    const std::string_view rest(stream_->buffer.data() + stream_->begin, stream_->end - stream_->begin);
    const std::size_t newline = rest.find('\n');
    const std::string_view part = rest.substr(0, newline);
    const std::size_t room = stream_->limit - line.text.size();
    line.text.append(part.substr(0, room));
    line.too_long = line.too_long || part.size() > room;
    stream_->begin += newline == std::string_view::npos ? rest.size() : newline + 1;
    if (newline != std::string_view::npos) break;
  }
  if (!line.text.empty() && line.text.back() == '\r') line.text.pop_back();
  return line;
}

const std::string& LineReader::failure() const {
  return stream_->failure;
}

}  // namespace nethealth
