#include "agent/attachment_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "agent/digest.hpp"

namespace nethealth {
namespace {

namespace asio = boost::asio;

constexpr mode_t owner_only_file = 0600;
constexpr mode_t owner_only_folder = 0700;

tl::unexpected<Failure> system_failure(const std::string& path) {
  return failure(path, std::strerror(errno));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return number_; }

 private:
  int number_;
};

std::uint64_t bytes_in(const std::string& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const auto size = entry.file_size(error);
    if (!error) bytes += size;
  }
  return bytes;
}

std::string read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream content;
  content << in.rdbuf();
  return in ? content.str() : std::string();
}

/// Written under another name, then renamed: under a digest there is a whole file or none.
Result<void> write_file(const std::string& folder, const std::string& digest, const std::string& content) {
  const std::string path = folder + "/" + digest;
  if (std::filesystem::exists(path) && sha256_text(read_whole(path)) == digest) return {};
  const std::string draft = path + ".new";
  {
    const Descriptor file(
        ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, owner_only_file));
    if (file.get() < 0) return system_failure(draft);
    for (std::size_t at = 0; at < content.size();) {
      const ssize_t written = ::write(file.get(), content.data() + at, content.size() - at);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return system_failure(draft);
      at += static_cast<std::size_t>(written);
    }
    if (::fsync(file.get()) != 0) return system_failure(draft);
  }
  if (::rename(draft.c_str(), path.c_str()) != 0) return system_failure(path);
  const Descriptor held(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (held.get() < 0 || ::fsync(held.get()) != 0) return system_failure(folder);
  return {};
}

Result<void> write_all(const std::string& folder, const AttachmentFolder::Files& files) {
  if (folder.empty()) return failure("", "the journal is in memory only: files cannot be kept");
  if (::mkdir(folder.c_str(), owner_only_folder) != 0 && errno != EEXIST) return system_failure(folder);
  std::uint64_t bytes = bytes_in(folder);
  for (const auto& [digest, content] : files) bytes += content.size();
  if (bytes > attachment_folder_limit_bytes)
    return failure(folder, "it would hold more than " +
                               std::to_string(attachment_folder_limit_bytes / 1024 / 1024) +
                               " MiB; move old files to where you archive");
  for (const auto& [digest, content] : files)
    if (Result<void> written = write_file(folder, digest, content); !written) return written;
  return {};
}

}  // namespace

void AttachmentFolder::keep(Files files, std::function<void(Result<void>)> done) {
  asio::post(pool_,
             [this, files = std::move(files), done = std::move(done), guard = asio::make_work_guard(io_)] {
               asio::post(io_, [done, result = write_all(path_, files)] { done(result); });
             });
}

void AttachmentFolder::read(std::vector<std::string> digests, std::size_t limit_bytes,
                            std::function<void(Files)> done) {
  asio::post(pool_, [this, digests = std::move(digests), limit_bytes, done = std::move(done),
                     guard = asio::make_work_guard(io_)] {
    Files files;
    std::size_t bytes = 0;
    for (const std::string& digest : digests) {
      // It names a file: nothing but a digest may.
      if (path_.empty() || digest.size() != 64 ||
          digest.find_first_not_of("0123456789abcdef") != std::string::npos)
        continue;
      std::string content = read_whole(path_ + "/" + digest);
      if (bytes + content.size() > limit_bytes || sha256_text(content) != digest) continue;
      bytes += content.size();
      files[digest] = std::move(content);
    }
    asio::post(io_, [done, files = std::move(files)] { done(files); });
  });
}

}  // namespace nethealth
