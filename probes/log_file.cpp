#include "probes/log_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "probes/log_unpack.hpp"

namespace nethealth {
namespace {

constexpr std::size_t most_folder_entries = 20'000;
/// A copy (copytruncate) is known by its start alone, so a very short start does not count.
constexpr std::size_t shortest_telling_start_bytes = 16;

std::string because_of(int error) {
  return std::strerror(error);
}

Result<FileFacts> facts_of(const struct stat& status, const std::string& path) {
  if (S_ISDIR(status.st_mode)) return failure(path, "is a folder, not a file; waiting for a file");
  if (!S_ISREG(status.st_mode)) return failure(path, "is not a regular file; waiting for one");
  FileFacts facts;
  facts.identity = {status.st_dev, status.st_ino};
  facts.size = static_cast<std::uint64_t>(std::max<off_t>(status.st_size, 0));
  facts.linked = status.st_nlink > 0;
  facts.modified_ns = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
  return facts;
}

struct Sibling {
  std::string path;
  std::string name;
  FileFacts facts;
};

bool is_compressed_name(std::string_view name) {
  static constexpr std::array<std::string_view, 6> endings = {".gz", ".bz2", ".xz", ".zst", ".zip", ".lz4"};
  return std::any_of(endings.begin(), endings.end(), [&](auto ending) { return name.ends_with(ending); });
}

/// Whether `name` is what log rotation calls an older `base`: app.log.1, app.log-20261124, app-20261124.log.
bool is_rotation_of(std::string_view name, std::string_view base) {
  const auto joins = [](char c) { return c == '.' || c == '-' || c == '_'; };
  if (name.size() > base.size() && name.starts_with(base)) return joins(name[base.size()]);
  const std::size_t dot = base.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  const std::string_view stem = base.substr(0, dot), ending = base.substr(dot);
  if (name.size() <= base.size() + 1 || !name.starts_with(stem) || !name.ends_with(ending)) return false;
  const std::string_view middle = name.substr(stem.size(), name.size() - base.size());
  return joins(middle.front()) && middle.find_first_not_of("0123456789.-_T") == std::string_view::npos;
}

/// The number at the end of app.log.12; empty for dates and everything else.
std::optional<int> rotation_number(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || name.size() - dot > 5) return std::nullopt;
  int number = 0;
  const auto [end, error] = std::from_chars(name.data() + dot + 1, name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return number;
}

bool is_older(const Sibling& a, const Sibling& b) {
  const auto number_a = rotation_number(a.name), number_b = rotation_number(b.name);
  if (number_a && number_b && *number_a != *number_b) return *number_a > *number_b;
  if (a.facts.modified_ns != b.facts.modified_ns) return a.facts.modified_ns < b.facts.modified_ns;
  return a.name < b.name;
}

/// The regular files beside `path`, itself not.
std::vector<Sibling> siblings_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "./" : path.substr(0, slash + 1);
  const std::string base = slash == std::string::npos ? path : path.substr(slash + 1);
  const std::unique_ptr<DIR, int (*)(DIR*)> open_folder(opendir(folder.c_str()), closedir);
  std::vector<Sibling> siblings;
  if (!open_folder) return siblings;
  while (const dirent* entry = readdir(open_folder.get())) {
    const std::string name = static_cast<const char*>(entry->d_name);
    if (name == base || siblings.size() == most_folder_entries) continue;
    if (auto facts = look_at_file(folder + name)) siblings.push_back({folder + name, name, *facts});
  }
  return siblings;
}

bool holds_place(const Sibling& sibling, const LostPlace& place) {
  if (sibling.facts.size < place.offset) return false;
  const auto file = LogFile::open(sibling.path);
  return file && file->starts_as(place.fingerprint);
}

const Sibling* find_lost(const std::vector<Sibling>& siblings, const std::string& base,
                         const LostPlace& place) {
  for (const Sibling& sibling : siblings)
    if (sibling.facts.identity == place.identity && holds_place(sibling, place)) return &sibling;
  if (fingerprint_length(place.fingerprint) < shortest_telling_start_bytes) return nullptr;
  const Sibling* copy = nullptr;
  for (const Sibling& sibling : siblings) {
    if (!is_rotation_of(sibling.name, base) || !holds_place(sibling, place)) continue;
    if (copy) return nullptr;  // two that start alike: better none than the wrong one
    copy = &sibling;
  }
  return copy;
}

}  // namespace

std::string fingerprint(std::string_view first_bytes) {
  first_bytes = first_bytes.substr(0, fingerprint_bytes);
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a, 64 bits
  for (const char c : first_bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  std::array<char, 17> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), hash, 16).ptr;
  return std::to_string(first_bytes.size()) + ":" + std::string(digits.data(), end);
}

std::size_t fingerprint_length(std::string_view fingerprint) {
  std::size_t length = 0;
  std::from_chars(fingerprint.data(), fingerprint.data() + fingerprint.size(), length);
  return std::min(length, fingerprint_bytes);
}

Result<FileFacts> look_at_file(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return failure(path, "cannot be looked at: " + because_of(errno));
  return facts_of(status, path);
}

Result<LogFile> LogFile::open(const std::string& path) {
  // Not blocking: opening a FIFO would otherwise wait for its writer.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0)
    return failure(path, "cannot be opened: " + because_of(errno) +
                             "; reading goes on once it can (the service's account needs to read it)");
  LogFile file(descriptor, path);
  if (auto facts = file.facts(); !facts) return tl::unexpected(facts.error());
  return file;
}

Result<LogFile> LogFile::unpack(const std::string& path, std::string& damage) {
  const int descriptor = memfd_create("nethealth-log", MFD_CLOEXEC);
  if (descriptor < 0) return failure(path, "cannot be unpacked: " + because_of(errno));
  LogFile file(descriptor, path);
  std::size_t total = 0;
  const auto unpacked = unpack_file(path, [&](std::string_view piece) -> Result<void> {
    total += piece.size();
    if (total > most_unpacked_bytes) return failure(path, "cannot be unpacked: it is too large");
    if (::write(descriptor, piece.data(), piece.size()) != static_cast<ssize_t>(piece.size()))
      return failure(path, "cannot be unpacked: " + because_of(errno));
    return {};
  });
  if (unpacked) return file;
  if (total == 0) return tl::unexpected(unpacked.error());
  damage = unpacked.error().text();
  return file;
}

LogFile::LogFile(LogFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

LogFile& LogFile::operator=(LogFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

LogFile::~LogFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

Result<FileFacts> LogFile::facts() const {
  struct stat status {};
  if (fstat(descriptor_, &status) != 0) return failure(path_, "cannot be looked at: " + because_of(errno));
  return facts_of(status, path_);
}

Result<std::string> LogFile::read(std::uint64_t offset, std::size_t length) const {
  std::string bytes(length, '\0');
  const auto got = read_into(offset, bytes);
  if (!got) return tl::unexpected(got.error());
  bytes.resize(*got);
  return bytes;
}

Result<std::size_t> LogFile::read_into(std::uint64_t offset, std::span<char> room) const {
  ssize_t got = 0;
  do got = pread(descriptor_, room.data(), room.size(), static_cast<off_t>(offset));
  while (got < 0 && errno == EINTR);
  if (got < 0) return failure(path_, "cannot be read: " + because_of(errno));
  return static_cast<std::size_t>(got);
}

bool LogFile::starts_as(std::string_view known) const {
  const std::size_t length = fingerprint_length(known);
  if (length == 0) return true;
  const auto start = read(0, length);
  return start && fingerprint(*start) == known;
}

UnpackedFiles find_compressed(const std::string& path, const LostPlace& place) {
  UnpackedFiles found;
  if (fingerprint_length(place.fingerprint) < shortest_telling_start_bytes) return found;
  const std::string base = path.substr(path.rfind('/') + 1);
  std::vector<Sibling> siblings = siblings_of(path);
  std::erase_if(siblings, [&](const Sibling& one) {
    return !is_rotation_of(one.name, base) || (is_compressed_name(one.name) && !can_be_unpacked(one.name));
  });
  // gzip and xz keep the time of the last change.
  std::sort(siblings.begin(), siblings.end(),
            [](const Sibling& a, const Sibling& b) { return a.facts.modified_ns < b.facts.modified_ns; });
  for (const Sibling& one : siblings) {
    const bool packed = is_compressed_name(one.name);
    if (!packed && !found.unpacked.empty()) found.paths.push_back(one.path);
    if (!packed) continue;
    std::string damage;
    auto file = LogFile::unpack(one.path, damage);
    const auto facts = file ? file->facts() : Result<FileFacts>(tl::unexpected(file.error()));
    const bool lost = facts && facts->size >= place.offset && file->starts_as(place.fingerprint);
    if (!facts || (!lost && found.unpacked.empty())) continue;
    found.unpacked.push_back(std::move(*file));
    if (!damage.empty()) found.damage.push_back(damage);
  }
  return found;
}

bool is_named_as_rotation(const std::string& path, const std::string& original) {
  const auto name_of = [](std::string_view file) { return file.substr(file.rfind('/') + 1); };
  return is_rotation_of(name_of(path), name_of(original));
}

bool is_copy_of(const std::string& path, const std::string& original, const LostPlace& place) {
  if (fingerprint_length(place.fingerprint) < shortest_telling_start_bytes) return false;
  if (!is_named_as_rotation(path, original)) return false;
  const auto facts = look_at_file(path);
  return facts && holds_place({path, "", *facts}, place);
}

RotatedFiles find_rotated(const std::string& path, const LostPlace& place) {
  const std::string base = path.substr(path.rfind('/') + 1);
  std::vector<Sibling> siblings = siblings_of(path);
  RotatedFiles rotated;
  for (const Sibling& sibling : siblings)
    if (is_compressed_name(sibling.name) && is_rotation_of(sibling.name, base))
      rotated.compressed.push_back(sibling.path);
  std::erase_if(siblings, [](const Sibling& sibling) { return is_compressed_name(sibling.name); });
  const Sibling* lost = find_lost(siblings, base, place);
  if (!lost) return rotated;
  rotated.found = true;
  std::vector<Sibling> between;
  for (const Sibling& sibling : siblings)
    if (&sibling != lost && is_rotation_of(sibling.name, base) && is_older(*lost, sibling))
      between.push_back(sibling);
  std::sort(between.begin(), between.end(), is_older);
  rotated.paths.push_back(lost->path);
  for (Sibling& sibling : between) rotated.paths.push_back(std::move(sibling.path));
  return rotated;
}

}  // namespace nethealth
