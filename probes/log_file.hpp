#pragma once
// One open log file, what tells it apart from others, and where a rotated one has gone.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/result.hpp"

namespace nethealth {

/// How much of a file's start tells it apart from another that got the same inode later.
inline constexpr std::size_t fingerprint_bytes = 1024;

inline constexpr std::size_t most_unpacked_bytes = 256 * 1024 * 1024;

struct FileIdentity {
  std::uint64_t device_number = 0;
  std::uint64_t inode = 0;
  friend auto operator<=>(const FileIdentity&, const FileIdentity&) = default;
};

struct FileFacts {
  FileIdentity identity;
  std::uint64_t size = 0;
  bool linked = true;            ///< false once no folder names it any more
  std::int64_t modified_ns = 0;  ///< since 1970
};

/// "length:hash" of the first bytes, 1 KiB at most. Stable over versions: it is stored.
std::string fingerprint(std::string_view first_bytes);
/// The length a fingerprint was taken of; 0 when the text is none.
std::size_t fingerprint_length(std::string_view fingerprint);

/// The facts about what a path names now, links followed. Refused when that is no regular file.
Result<FileFacts> look_at_file(const std::string& path);

/// Open for reading; closes itself. Only regular files.
class LogFile {
 public:
  static Result<LogFile> open(const std::string& path);
  /// What a gzip or xz file holds, unpacked into memory: at most `most_unpacked_bytes`. Of one that is
  /// damaged or larger, what could be unpacked; `damage` then says why that is not all.
  static Result<LogFile> unpack(const std::string& path, std::string& damage);
  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&& other) noexcept;
  ~LogFile();

  [[nodiscard]] Result<FileFacts> facts() const;
  /// Up to `length` bytes; fewer at the end of the file.
  [[nodiscard]] Result<std::string> read(std::uint64_t offset, std::size_t length) const;
  /// The same into room that is there; returns the bytes read.
  [[nodiscard]] Result<std::size_t> read_into(std::uint64_t offset, std::span<char> room) const;
  /// Whether the file still starts with what the fingerprint was taken of.
  [[nodiscard]] bool starts_as(std::string_view fingerprint) const;

 private:
  LogFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  int descriptor_;
  std::string path_;
};

/// Where reading stopped in a file that is no longer what its path names.
struct LostPlace {
  FileIdentity identity;
  std::uint64_t offset = 0;
  std::string fingerprint;
};

/// The files to read before the one at `path`, oldest first; the first one from the lost place on, the others
/// whole. Looks in the folder of `path` only. `found` is false when the lost file is not there (deleted,
/// compressed, moved away); `compressed` names packed siblings that were passed over.
struct RotatedFiles {
  std::vector<std::string> paths;
  bool found = false;
  std::vector<std::string> compressed;
};
RotatedFiles find_rotated(const std::string& path, const LostPlace& place);

/// The same where the lost file was compressed (gzip or xz) meanwhile. `unpacked` begins with it, to be read
/// from the lost place on, and goes on with those that were compressed after it; `paths` are the younger ones
/// that were not. Nothing where it is not among them.
struct UnpackedFiles {
  std::vector<LogFile> unpacked;
  std::vector<std::string> paths;
  std::vector<std::string> damage;  ///< of those in `unpacked` that are not whole
};
UnpackedFiles find_compressed(const std::string& path, const LostPlace& place);

/// Whether the name of `path` is what log rotation calls an older `original`. Says nothing of the folder.
bool is_named_as_rotation(const std::string& path, const std::string& original);

/// Whether the file at `path` is a copy that holds all that was read of `original` up to the place.
bool is_copy_of(const std::string& path, const std::string& original, const LostPlace& place);

}  // namespace nethealth
