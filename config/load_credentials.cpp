#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "config/loading.hpp"
#include "config/wording.hpp"

namespace nethealth {
namespace {

constexpr std::size_t longest_secret_bytes = 4'096;
/// RFC 3414 11.2: shorter passphrases are refused by the SNMP libraries.
constexpr std::size_t shortest_passphrase_bytes = 8;

class Descriptor {
 public:
  /// Non-blocking, so that a pipe under the name of the file cannot hold the reader.
  explicit Descriptor(const std::string& path)
      : number_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

/// Reads to the end or one byte beyond the limit; empty on an error.
std::optional<std::string> read_all(int descriptor) {
  std::string text;
  std::array<char, 1'024> chunk{};
  while (text.size() <= longest_secret_bytes) {
    const ssize_t count = read(descriptor, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return {};
    if (count == 0) break;
    text.append(chunk.data(), static_cast<std::size_t>(count));
  }
  return text;
}

void strip_newline(std::string& text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
}

/// What is wrong with the file as an entry of the file system; empty when nothing is.
std::optional<Phrase> refuse_file(const struct stat& status) {
  if (!S_ISREG(status.st_mode)) {
    return Phrase{"{0}: 秘密のファイル {1} は通常のファイルではありません",
                  "{0}: found the secret file {1} to be no regular file, expected one"};
  }
  if ((status.st_mode & (S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH)) != 0) {
    return Phrase{"{0}: 秘密のファイル {1} は所有者以外も読み書きできます。chmod 600 {2} を実行してください",
                  "{0}: the secret file {1} is open to its group or others, expected its owner only; run: "
                  "chmod 600 {2}"};
  }
  return {};
}

std::optional<Phrase> refuse_text(const std::optional<std::string>& text) {
  if (!text) return Phrase{"{0}: 秘密のファイル {1} を読めません", "{0}: cannot read the secret file {1}"};
  if (text->empty()) {
    return Phrase{"{0}: 秘密のファイル {1} が空です。秘密の値を一行で書いてください",
                  "{0}: found the secret file {1} empty, expected the secret in one line"};
  }
  if (text->size() > longest_secret_bytes) {
    return Phrase{"{0}: 秘密のファイル {1} が 4,096 バイトを超えています",
                  "{0}: found more than 4,096 bytes in the secret file {1}, expected one line"};
  }
  return {};
}

void load_passphrase(Loading& load, const Node& map, Secret& secret) {
  const Node* file = load.read.require(map, "passphrase_file");
  if (file == nullptr) return;
  secret = read_secret(load, *file, "passphrase_file");
  if (load.secrets == Secrets::optional || secret.empty()) return;
  if (secret.reveal().size() < shortest_passphrase_bytes) {
    load.read.report(*file,
                     {"passphrase_file: パスフレーズが 8 文字より短くなっています（RFC 3414）",
                      "passphrase_file: found a passphrase of less than 8 characters, expected 8 or more "
                      "(RFC 3414)"});
  }
}

void load_user(Loading& load, const Node& node, Credential& credential) {
  Reader& read = load.read;
  if (const Node* user = read.require(node, "user")) set(credential.user, read.text(*user, "user"));
  const Node* auth = node.find("auth");
  if (auth != nullptr && read.map(*auth, "auth", keys::auth)) {
    if (const Node* protocol = read.require(*auth, "protocol")) {
      set(credential.auth, read.one_of(*protocol, "protocol", auth_protocol_words()));
    }
    load_passphrase(load, *auth, credential.auth_passphrase);
  }
  const Node* privacy = node.find("privacy");
  if (privacy == nullptr) return;
  if (auth == nullptr) {
    read.report(*privacy, {"privacy には auth も必要です（RFC 3414）。auth を書いてください",
                           "found privacy without auth, expected auth as well (RFC 3414)"});
  }
  if (!read.map(*privacy, "privacy", keys::privacy)) return;
  if (const Node* protocol = read.require(*privacy, "protocol")) {
    set(credential.privacy, read.one_of(*protocol, "protocol", privacy_protocol_words()));
  }
  load_passphrase(load, *privacy, credential.privacy_passphrase);
}

/// The keys of a credential depend on its version.
KeySet credential_keys(const Node& item) {
  const Node* version = item.kind == Node::Kind::map ? item.find("version") : nullptr;
  if (version != nullptr && version->value == "3") return keys::credential_user;
  if (version != nullptr) return keys::credential_community;
  KeySet both = keys::credential_community;
  both.keys.insert(both.keys.end(), keys::credential_user.keys.begin() + 2, keys::credential_user.keys.end());
  return both;
}

}  // namespace

Secret read_secret(Loading& load, const Node& path, std::string_view key) {
  const auto text = load.read.text(path, key);
  if (!text) return {};
  const std::string file = resolve(load.folder, *text);
  const Descriptor descriptor(file);
  const bool strict = load.secrets == Secrets::required;
  const auto refuse = [&](Phrase message, std::string_view detail) {
    if (strict) load.read.report(path, message, {key, quote(file, load.read.language()), detail});
    return Secret();
  };
  if (descriptor.number() < 0) {
    return refuse({"{0}: 秘密のファイル {1} を開けません（{2}）。秘密の値を書いたファイルを置いてください",
                   "{0}: cannot open the secret file {1} ({2}), expected a file with the secret"},
                  std::strerror(errno));
  }
  struct stat status {};
  if (fstat(descriptor.number(), &status) != 0) status.st_mode = 0;
  if (const auto wrong = refuse_file(status); wrong && strict) return refuse(*wrong, file);
  auto secret = read_all(descriptor.number());
  if (secret) strip_newline(*secret);
  if (const auto wrong = refuse_text(secret)) return refuse(*wrong, file);
  return Secret(std::move(*secret));
}

void load_credentials(Loading& load) {
  Reader& read = load.read;
  const Node* list = load.root.find("credentials");
  if (list == nullptr) return;
  for (const Node* item : read.list(*list, "credentials")) {
    if (!read.map(*item, "credentials", credential_keys(*item))) continue;
    Credential& credential = load.site.credentials.emplace_back();
    if (const Node* name = read.require(*item, "name")) {
      if (const auto text = read.name(*name, "name")) {
        credential.name = *text;
        load.credentials.add(read, *name, load.site.credentials.size() - 1);
      }
    }
    const Node* version = read.require(*item, "version");
    if (version == nullptr) continue;
    const auto known = read.one_of(*version, "version", snmp_version_words());
    if (!known) continue;
    credential.version = *known;
    if (*known == SnmpVersion::v3) {
      load_user(load, *item, credential);
    } else if (const Node* file = read.require(*item, "community_file")) {
      credential.community = read_secret(load, *file, "community_file");
    }
  }
}

}  // namespace nethealth
