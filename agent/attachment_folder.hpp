#pragma once
// The files that people hand in with a step or a note, each once under its SHA-256, in a folder of its own
// (mode 0700) beside the journal, which holds name, size and digest. Written by a thread of its own, so that
// nothing waits for the disk.

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "config/result.hpp"

namespace nethealth {

inline constexpr std::size_t attachment_limit_bytes = std::size_t{8} * 1024 * 1024;  ///< of one act together
inline constexpr std::uint64_t attachment_folder_limit_bytes = std::uint64_t{2} * 1024 * 1024 * 1024;

class AttachmentFolder {
 public:
  /// Nothing is touched before the first file. `path` is empty for a journal in memory: then none is taken.
  AttachmentFolder(boost::asio::io_context& io, std::string path) : io_(io), path_(std::move(path)) {}
  /// Finishes what is being written.
  ~AttachmentFolder() { pool_.join(); }
  AttachmentFolder(const AttachmentFolder&) = delete;
  AttachmentFolder& operator=(const AttachmentFolder&) = delete;

  /// By SHA-256 in hexadecimal.
  using Files = std::map<std::string, std::string>;
  /// `done` comes on the io_context when all are on the disk, or with why not.
  void keep(Files files, std::function<void(Result<void>)> done);
  /// Those of the wanted ones that are there and whole, at most `limit_bytes` together.
  void read(std::vector<std::string> digests, std::size_t limit_bytes, std::function<void(Files)> done);

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  boost::asio::io_context& io_;
  std::string path_;
  boost::asio::thread_pool pool_{1};
};

}  // namespace nethealth
