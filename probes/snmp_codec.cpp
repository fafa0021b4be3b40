#include "probes/snmp_codec.hpp"

// The library's headers need this order, and leave macros behind that are names of ours.
#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/library/lcd_time.h>
#undef max_repetitions
#undef non_repeaters

#include <array>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <map>
#include <utility>

#include "probes/snmp_objects.hpp"

namespace nethealth {
namespace {

/// Keys made from passphrases that are kept; a site has a handful.
constexpr std::size_t max_kept_keys = 1'024;
/// RFC 3414, 11.2.
constexpr std::size_t min_passphrase_bytes = 8;
constexpr std::size_t max_user_name_bytes = 32;

// A place where nothing can exist: whatever the library would read or write there, it cannot.
constexpr const char* nowhere = "/dev/null/none";

struct Protocol {
  const oid* id = nullptr;
  std::size_t length = 0;
};

template <std::size_t N>
Protocol protocol(const oid (&id)[N]) {
  return {id, N};
}

// Spelt out, because which of these the library exports differs between its builds; the numbers are those of
// SNMP-USER-BASED-SM-MIB, SNMP-USM-HMAC-SHA2-MIB, SNMP-USM-AES-MIB and the two AES drafts.
constexpr oid no_auth[] = {1, 3, 6, 1, 6, 3, 10, 1, 1, 1};
constexpr oid hmac_md5[] = {1, 3, 6, 1, 6, 3, 10, 1, 1, 2};
constexpr oid hmac_sha1[] = {1, 3, 6, 1, 6, 3, 10, 1, 1, 3};
constexpr oid hmac_sha224[] = {1, 3, 6, 1, 6, 3, 10, 1, 1, 4};
constexpr oid hmac_sha256[] = {1, 3, 6, 1, 6, 3, 10, 1, 1, 5};
constexpr oid hmac_sha384[] = {1, 3, 6, 1, 6, 3, 10, 1, 1, 6};
constexpr oid hmac_sha512[] = {1, 3, 6, 1, 6, 3, 10, 1, 1, 7};
constexpr oid no_privacy[] = {1, 3, 6, 1, 6, 3, 10, 1, 2, 1};

Protocol auth_protocol(AuthProtocol auth) {
  switch (auth) {
    case AuthProtocol::none:
      return protocol(no_auth);
    case AuthProtocol::md5:
      return protocol(hmac_md5);
    case AuthProtocol::sha1:
      return protocol(hmac_sha1);
    case AuthProtocol::sha224:
      return protocol(hmac_sha224);
    case AuthProtocol::sha256:
      return protocol(hmac_sha256);
    case AuthProtocol::sha384:
      return protocol(hmac_sha384);
    case AuthProtocol::sha512:
      return protocol(hmac_sha512);
  }
  return protocol(no_auth);
}

/// Empty when this build of the library lacks it.
Protocol privacy_protocol(PrivacyProtocol privacy) {
  if (privacy == PrivacyProtocol::none) return protocol(no_privacy);
  int type = 0;
  switch (privacy) {
    case PrivacyProtocol::none:
      break;
    case PrivacyProtocol::des:
      type = USM_CREATE_USER_PRIV_DES;
      break;
    case PrivacyProtocol::aes128:
      type = USM_CREATE_USER_PRIV_AES;
      break;
    case PrivacyProtocol::aes192:
      type = USM_CREATE_USER_PRIV_AES192;
      break;
    case PrivacyProtocol::aes256:
      type = USM_CREATE_USER_PRIV_AES256;
      break;
    case PrivacyProtocol::aes192c:
      type = USM_CREATE_USER_PRIV_AES192_CISCO;
      break;
    case PrivacyProtocol::aes256c:
      type = USM_CREATE_USER_PRIV_AES256_CISCO;
      break;
  }
  const netsnmp_priv_alg_info* info = sc_get_priv_alg_bytype(static_cast<u_int>(type));
  if (info == nullptr) return {};
  return {info->alg_oid, static_cast<std::size_t>(info->oid_len)};
}

int security_level(const Credential& credential) {
  if (credential.auth == AuthProtocol::none) return SNMP_SEC_LEVEL_NOAUTH;
  return credential.privacy == PrivacyProtocol::none ? SNMP_SEC_LEVEL_AUTHNOPRIV : SNMP_SEC_LEVEL_AUTHPRIV;
}

struct FreePdu {
  void operator()(netsnmp_pdu* pdu) const { snmp_free_pdu(pdu); }
};
using Pdu = std::unique_ptr<netsnmp_pdu, FreePdu>;

const unsigned char* bytes_of(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// The library takes non-const pointers that it does not write through.
template <class T>
T* unconst(const T* pointer) {
  return const_cast<T*>(pointer);
}

Result<void> open_once() {
  setenv("SNMP_PERSISTENT_DIR", nowhere, 1);
  setenv("SNMPCONFPATH", nowhere, 1);
  setenv("MIBS", "", 1);
  setenv("MIBDIRS", "", 1);
  netsnmp_register_loghandler(NETSNMP_LOGHANDLER_NONE, LOG_DEBUG);
  for (const int flag : {NETSNMP_DS_LIB_DONT_READ_CONFIGS, NETSNMP_DS_LIB_DONT_PERSIST_STATE,
                         NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE,
                         NETSNMP_DS_LIB_DISABLE_CONFIG_LOAD, NETSNMP_DS_LIB_DONT_LOAD_HOST_FILES,
                         NETSNMP_DS_LIB_NO_DISCOVERY}) {
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, flag, 1);
  }
  // init_snmp takes over the environment's locale for the whole process, which is not its business.
  const char* current = std::setlocale(LC_CTYPE, nullptr);
  const std::string locale = current != nullptr ? current : "C";
  init_snmp("nethealth");
  std::setlocale(LC_CTYPE, locale.c_str());
  if (find_sec_mod(SNMP_SEC_MODEL_USM) == nullptr) {
    return failure("net-snmp", "the library has no User-based Security Model; SNMPv3 needs it");
  }
  return {};
}

struct KeptKey {
  AuthProtocol auth;
  std::string passphrase;
  friend auto operator<=>(const KeptKey&, const KeptKey&) = default;
};

std::map<KeptKey, std::string>& kept_keys() {
  static std::map<KeptKey, std::string> keys;
  return keys;
}

/// RFC 3414, A.2: a megabyte is hashed, so each passphrase is turned into its key once.
Result<std::string> key_of(AuthProtocol auth, const Secret& passphrase) {
  auto& keys = kept_keys();
  const KeptKey wanted{auth, passphrase.reveal()};
  if (const auto found = keys.find(wanted); found != keys.end()) return found->second;
  const Protocol hash = auth_protocol(auth);
  std::array<unsigned char, USM_AUTH_KU_LEN> key{};
  std::size_t length = key.size();
  if (generate_Ku(hash.id, static_cast<u_int>(hash.length), bytes_of(wanted.passphrase),
                  wanted.passphrase.size(), key.data(), &length) != SNMPERR_SUCCESS) {
    return failure("", "net-snmp could not make a key from the passphrase");
  }
  if (keys.size() >= max_kept_keys) keys.clear();
  return keys.emplace(wanted, std::string(key.begin(), key.begin() + static_cast<std::ptrdiff_t>(length)))
      .first->second;
}

}  // namespace

struct UsmUser {
  usmUser* user = nullptr;
  explicit UsmUser(usmUser* taken) : user(taken) {}
  UsmUser(const UsmUser&) = delete;
  UsmUser& operator=(const UsmUser&) = delete;
  ~UsmUser() {
    if (user != nullptr) usm_free_user(user);
  }
};

namespace {

// The library looks keys and engine times up in process-wide lists. Each message gets lists that hold exactly
// its own agent's entry: look-ups stay short, and agents that share an engine id or a user name do not
// disturb each other.
class LibraryLists {
 public:
  LibraryLists(const UsmEngine& engine, std::chrono::steady_clock::time_point now) : engine_(engine) {
    if (engine_.user) usm_add_user(engine_.user->user);
    set_enginetime(bytes_of(engine_.id), static_cast<u_int>(engine_.id.size()), engine_.boots,
                   engine_.time_now(now), TRUE);
  }
  ~LibraryLists() {
    if (engine_.user) {
      usm_remove_user(engine_.user->user);
      engine_.user->user->next = nullptr;
      engine_.user->user->prev = nullptr;
    }
    free_etimelist();
  }
  LibraryLists(const LibraryLists&) = delete;
  LibraryLists& operator=(const LibraryLists&) = delete;

 private:
  const UsmEngine& engine_;
};

void set_engine(u_char*& id, std::size_t& length, const std::string& from) {
  id = unconst(bytes_of(from));
  length = from.size();
}

netsnmp_session session_for(const Credential& credential, const std::string& engine_id) {
  netsnmp_session session;
  std::memset(&session, 0, sizeof session);
  session.rcvMsgMaxSize = max_snmp_message_bytes;
  session.sndMsgMaxSize = max_snmp_message_bytes;
  switch (credential.version) {
    case SnmpVersion::v1:
      session.version = SNMP_VERSION_1;
      break;
    case SnmpVersion::v2c:
      session.version = SNMP_VERSION_2c;
      break;
    case SnmpVersion::v3:
      session.version = SNMP_VERSION_3;
      break;
  }
  if (credential.version != SnmpVersion::v3) {
    session.community = unconst(bytes_of(credential.community.reveal()));
    session.community_len = credential.community.reveal().size();
    return session;
  }
  session.securityModel = SNMP_SEC_MODEL_USM;
  session.securityLevel = security_level(credential);
  session.securityName = unconst(credential.user.c_str());
  session.securityNameLen = credential.user.size();
  session.contextName = unconst("");
  session.isAuthoritative = SNMP_SESS_NONAUTHORITATIVE;
  set_engine(session.securityEngineID, session.securityEngineIDLen, engine_id);
  set_engine(session.contextEngineID, session.contextEngineIDLen, engine_id);
  return session;
}

struct FreeBytes {
  void operator()(u_char* bytes) const { std::free(bytes); }
};

Result<std::string> build(netsnmp_session& session, netsnmp_pdu& pdu) {
  std::size_t size = 2'048;
  std::size_t offset = 0;
  std::unique_ptr<u_char, FreeBytes> buffer(static_cast<u_char*>(std::malloc(size)));
  if (!buffer) return failure("", "out of memory");
  u_char* raw = buffer.release();
  const int outcome = snmp_build(&raw, &size, &offset, &session, &pdu);
  buffer.reset(raw);
  if (outcome != 0) {
    return failure(
        "", std::string("net-snmp could not build the request: ") + snmp_api_errstring(session.s_snmp_errno));
  }
  // The library fills the buffer from its end.
  return std::string(reinterpret_cast<const char*>(raw) + (size - offset), offset);
}

int pdu_type(SnmpVerb verb) {
  switch (verb) {
    case SnmpVerb::get:
      return SNMP_MSG_GET;
    case SnmpVerb::get_next:
      return SNMP_MSG_GETNEXT;
    case SnmpVerb::get_bulk:
      return SNMP_MSG_GETBULK;
    case SnmpVerb::inform:
      return SNMP_MSG_INFORM;
    case SnmpVerb::trap:
      return SNMP_MSG_TRAP2;
  }
  return SNMP_MSG_GET;
}

/// An identifier in the library's own numbers, which are wider.
class LibraryOid {
 public:
  explicit LibraryOid(const Oid& from) : size_(from.size()) {
    if (fits()) std::copy(from.begin(), from.end(), numbers_.begin());
  }
  [[nodiscard]] bool fits() const { return size_ <= numbers_.size(); }
  [[nodiscard]] const oid* data() const { return numbers_.data(); }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::array<oid, MAX_OID_LEN> numbers_;  // only as many as there are are written and read
  std::size_t size_;
};

bool add_binding(netsnmp_pdu& pdu, const Oid& name, u_char type, const void* value, std::size_t bytes) {
  const LibraryOid id(name);
  return id.fits() && snmp_pdu_add_variable(&pdu, id.data(), id.size(), type, value, bytes) != nullptr;
}

bool add_identifier(netsnmp_pdu& pdu, const Oid& name, const Oid& value) {
  const LibraryOid id(value);
  return id.fits() && add_binding(pdu, name, ASN_OBJECT_ID, id.data(), id.size() * sizeof(oid));
}

bool add_binding(netsnmp_pdu& pdu, const VarBind& varbind) {
  const SnmpValue& value = varbind.value;
  switch (value.kind) {
    case SnmpValue::Kind::integer: {
      const long number = static_cast<long>(value.integer);
      return add_binding(pdu, varbind.oid, ASN_INTEGER, &number, sizeof number);
    }
    case SnmpValue::Kind::unsigned_integer: {
      const u_long number = static_cast<u_long>(value.unsigned_integer);
      return add_binding(pdu, varbind.oid, ASN_UNSIGNED, &number, sizeof number);
    }
    case SnmpValue::Kind::octets:
      return add_binding(pdu, varbind.oid, ASN_OCTET_STR, value.octets.data(), value.octets.size());
    case SnmpValue::Kind::oid:
      return add_identifier(pdu, varbind.oid, value.oid());
    default:
      return false;
  }
}

bool add_notice(netsnmp_pdu& pdu, const SnmpNotice& notice) {
  const u_long ticks = notice.uptime_hundredths;
  if (!add_binding(pdu, snmp_object::sys_up_time, ASN_TIMETICKS, &ticks, sizeof ticks) ||
      !add_identifier(pdu, snmp_object::snmp_trap_oid, notice.trap))
    return false;
  for (const VarBind& varbind : notice.varbinds)
    if (!add_binding(pdu, varbind)) return false;
  return true;
}

SnmpValue value_of(const netsnmp_variable_list& variable) {
  SnmpValue value;
  switch (variable.type) {
    case ASN_INTEGER:
      if (variable.val.integer != nullptr)
        return SnmpValue::of(static_cast<std::int64_t>(*variable.val.integer));
      return value;
    case ASN_COUNTER:
    case ASN_GAUGE:
    case ASN_TIMETICKS:
    case ASN_UINTEGER:
      // The library keeps 32-bit numbers in a long; an agent that sends more bits must not become one.
      if (variable.val.integer != nullptr) {
        return SnmpValue::of_unsigned(static_cast<std::uint32_t>(*variable.val.integer));
      }
      return value;
    case ASN_COUNTER64:
    case ASN_OPAQUE_COUNTER64:
    case ASN_OPAQUE_U64:
      if (variable.val.counter64 != nullptr) {
        return SnmpValue::of_unsigned(static_cast<std::uint64_t>(variable.val.counter64->high & 0xFFFFFFFFU)
                                          << 32 |
                                      (variable.val.counter64->low & 0xFFFFFFFFU));
      }
      return value;
    case ASN_OPAQUE_FLOAT:
      value.kind = SnmpValue::Kind::real;
      if (variable.val.floatVal != nullptr) value.real = static_cast<double>(*variable.val.floatVal);
      return value;
    case ASN_OPAQUE_DOUBLE:
      value.kind = SnmpValue::Kind::real;
      if (variable.val.doubleVal != nullptr) value.real = *variable.val.doubleVal;
      return value;
    case ASN_OCTET_STR:
    case ASN_OPAQUE:
    case ASN_BIT_STR:
    case ASN_IPADDRESS:
      if (variable.val.string != nullptr) {
        value =
            SnmpValue::of(std::string(reinterpret_cast<const char*>(variable.val.string), variable.val_len));
      } else {
        value.kind = SnmpValue::Kind::octets;
      }
      if (variable.type == ASN_IPADDRESS) value.kind = SnmpValue::Kind::address;
      return value;
    case ASN_OBJECT_ID: {
      Oid id;
      if (variable.val.objid != nullptr)
        id.append(variable.val.objid, variable.val.objid + variable.val_len / sizeof(oid));
      return SnmpValue::of(id);
    }
    case SNMP_NOSUCHOBJECT:
    case SNMP_NOSUCHINSTANCE:
      value.kind = SnmpValue::Kind::missing;
      return value;
    case SNMP_ENDOFMIBVIEW:
      value.kind = SnmpValue::Kind::end_of_view;
      return value;
    default:
      return value;
  }
}

SnmpResponse response_of(const netsnmp_pdu& pdu) {
  SnmpResponse response;
  response.error_status = static_cast<int>(pdu.errstat);
  response.error_index = static_cast<int>(pdu.errindex);
  std::size_t count = 0;
  for (const auto* variable = pdu.variables; variable != nullptr; variable = variable->next_variable) ++count;
  response.varbinds.reserve(count);
  for (const netsnmp_variable_list* variable = pdu.variables; variable != nullptr;
       variable = variable->next_variable) {
    VarBind& varbind = response.varbinds.emplace_back();
    varbind.oid = Oid(variable->name, variable->name + variable->name_length);
    varbind.value = value_of(*variable);
  }
  return response;
}

UsmReport report_of(const SnmpResponse& response) {
  static const Oid counters{1, 3, 6, 1, 6, 3, 15, 1, 1};
  for (const VarBind& varbind : response.varbinds) {
    if (!starts_with(varbind.oid, counters) || varbind.oid.size() <= counters.size()) continue;
    switch (varbind.oid[counters.size()]) {
      case 1:
        return UsmReport::unsupported_security_level;
      case 2:
        return UsmReport::not_in_time_window;
      case 3:
        return UsmReport::unknown_user;
      case 4:
        return UsmReport::unknown_engine;
      case 5:
        return UsmReport::wrong_digest;
      case 6:
        return UsmReport::decryption_error;
      default:
        return UsmReport::other;
    }
  }
  return UsmReport::other;
}

}  // namespace

Result<void> open_snmp_library() {
  static const Result<void> outcome = open_once();
  return outcome;
}

std::string why_unusable(const Credential& credential, Language language) {
  if (const auto opened = open_snmp_library(); !opened) return opened.error().text();
  const auto say = [&](Phrase phrase) { return std::string(phrase.in(language)); };
  if (credential.version != SnmpVersion::v3) {
    if (credential.community.empty()) {
      return say({"コミュニティ名が空です。", "the community is empty"});
    }
    return {};
  }
  if (credential.user.empty() || credential.user.size() > max_user_name_bytes) {
    return say({"SNMPv3の利用者名は1から32バイトです。", "an SNMPv3 user name has 1 to 32 bytes"});
  }
  if (credential.auth == AuthProtocol::none && credential.privacy != PrivacyProtocol::none) {
    return say({"SNMPv3の暗号化には認証が必要です。", "SNMPv3 privacy needs authentication"});
  }
  const Protocol auth = auth_protocol(credential.auth);
  if (credential.auth != AuthProtocol::none &&
      sc_get_properlength(auth.id, static_cast<u_int>(auth.length)) <= 0) {
    return say({"このホストのnet-snmpはこの認証方式を備えていません。",
                "the net-snmp of this host lacks this authentication protocol"});
  }
  if (privacy_protocol(credential.privacy).id == nullptr) {
    return say({"このホストのnet-snmpはこの暗号方式を備えていません。",
                "the net-snmp of this host lacks this privacy protocol"});
  }
  const bool auth_short = credential.auth != AuthProtocol::none &&
                          credential.auth_passphrase.reveal().size() < min_passphrase_bytes;
  const bool privacy_short = credential.privacy != PrivacyProtocol::none &&
                             credential.privacy_passphrase.reveal().size() < min_passphrase_bytes;
  if (auth_short || privacy_short) {
    return say(
        {"SNMPv3のパスフレーズは8バイト以上が必要です。", "an SNMPv3 passphrase needs at least 8 bytes"});
  }
  return {};
}

std::uint32_t UsmEngine::time_now(std::chrono::steady_clock::time_point now) const {
  const auto passed = std::chrono::duration_cast<std::chrono::seconds>(now - as_of).count();
  const std::int64_t time = static_cast<std::int64_t>(time_s) + (passed > 0 ? passed : 0);
  return static_cast<std::uint32_t>(time > INT32_MAX ? INT32_MAX : time);
}

void forget_snmp_keys() {
  kept_keys().clear();
}

Result<void> localise_keys(UsmEngine& engine, const Credential& credential) {
  netsnmp_session session = session_for(credential, engine.id);
  std::string auth_key;
  std::string privacy_key;
  const Protocol auth = auth_protocol(credential.auth);
  const Protocol privacy = privacy_protocol(credential.privacy);
  if (privacy.id == nullptr) return failure("", "net-snmp lacks this privacy protocol");
  session.securityAuthProto = unconst(auth.id);
  session.securityAuthProtoLen = auth.length;
  session.securityPrivProto = unconst(privacy.id);
  session.securityPrivProtoLen = privacy.length;
  if (credential.auth != AuthProtocol::none) {
    auto key = key_of(credential.auth, credential.auth_passphrase);
    if (!key) return tl::unexpected(key.error());
    auth_key = *key;
    std::memcpy(session.securityAuthKey, auth_key.data(), auth_key.size());
    session.securityAuthKeyLen = auth_key.size();
  }
  if (credential.privacy != PrivacyProtocol::none) {
    auto key = key_of(credential.auth, credential.privacy_passphrase);
    if (!key) return tl::unexpected(key.error());
    privacy_key = *key;
    std::memcpy(session.securityPrivKey, privacy_key.data(), privacy_key.size());
    session.securityPrivKeyLen = privacy_key.size();
  }
  engine.user.reset();
  if (usm_create_user_from_session(&session) != SNMPERR_SUCCESS) {
    return failure("", "net-snmp could not localise the keys");
  }
  usmUser* user = usm_get_user(bytes_of(engine.id), engine.id.size(), credential.user.c_str());
  if (user == nullptr) return failure("", "net-snmp did not keep the user");
  usm_remove_user(user);
  user->next = nullptr;
  user->prev = nullptr;
  engine.user = std::make_shared<UsmUser>(user);
  return {};
}

Result<std::string> encode_snmp(const SnmpRequest& request, std::int32_t id, const Credential& credential,
                                const UsmEngine& engine, std::chrono::steady_clock::time_point now) {
  netsnmp_session session = session_for(credential, engine.id);
  const Pdu pdu(snmp_pdu_create(pdu_type(request.verb)));
  if (!pdu) return failure("", "out of memory");
  pdu->version = session.version;
  pdu->reqid = id;
  pdu->msgid = id;
  if (request.verb == SnmpVerb::get_bulk) {
    pdu->errstat = 0;  // non-repeaters of a GetBulkRequest-PDU share this field (RFC 3416, 3)
    pdu->errindex = request.max_repetitions;
  }
  const bool notice = request.verb == SnmpVerb::inform || request.verb == SnmpVerb::trap;
  if (notice && !add_notice(*pdu, request.notice))
    return failure(oid_text(request.notice.trap), "the notification cannot be written");
  for (const Oid& requested : request.oids) {
    const LibraryOid name(requested);
    if (!name.fits() || snmp_add_null_var(pdu.get(), name.data(), name.size()) == nullptr) {
      return failure(oid_text(requested), "the identifier cannot be asked for");
    }
  }
  if (credential.version != SnmpVersion::v3) return build(session, *pdu);
  if (engine.id.empty() || !engine.user) return failure("", "the SNMPv3 engine is not discovered yet");
  const LibraryLists lists(engine, now);
  return build(session, *pdu);
}

Result<std::string> encode_discovery(std::int32_t id) {
  Credential nobody;
  nobody.version = SnmpVersion::v3;
  const std::string no_engine;
  netsnmp_session session = session_for(nobody, no_engine);
  session.securityLevel = SNMP_SEC_LEVEL_NOAUTH;
  const Pdu pdu(snmp_pdu_create(SNMP_MSG_GET));
  if (!pdu) return failure("", "out of memory");
  pdu->version = SNMP_VERSION_3;
  pdu->reqid = id;
  pdu->msgid = id;
  pdu->securityName = strdup("");
  pdu->securityNameLen = 0;
  pdu->securityLevel = SNMP_SEC_LEVEL_NOAUTH;
  pdu->securityModel = SNMP_SEC_MODEL_USM;
  return build(session, *pdu);
}

namespace {

/// Of a message of version 3.
SnmpAnswer judge(int outcome, const netsnmp_pdu& pdu, std::int32_t id, const Credential& credential,
                 const UsmEngine& engine) {
  SnmpAnswer answer;
  const bool is_report = pdu.command == SNMP_MSG_REPORT;
  answer.response = response_of(pdu);
  if (is_report) answer.report = report_of(answer.response);
  if (outcome == SNMPERR_USM_NOTINTIMEWINDOW) {
    answer.kind = SnmpAnswer::Kind::stale;
    answer.authentic = true;  // the library checks the digest before the time
    return answer;
  }
  if (outcome == SNMPERR_USM_UNKNOWNSECURITYNAME && is_report) {
    // A report in the name of an engine we have no keys for: how a replaced device tells its new engine id.
    answer.kind = SnmpAnswer::Kind::report;
    return answer;
  }
  if (outcome == SNMPERR_USM_AUTHENTICATIONFAILURE || outcome == SNMPERR_USM_DECRYPTIONERROR ||
      outcome == SNMPERR_USM_UNKNOWNSECURITYNAME || outcome == SNMPERR_USM_UNSUPPORTEDSECURITYLEVEL) {
    answer.kind = SnmpAnswer::Kind::unsafe;
    return answer;
  }
  if (outcome != 0) return answer;
  answer.authentic = pdu.securityLevel >= SNMP_SEC_LEVEL_AUTHNOPRIV;
  if (is_report) {
    answer.kind = SnmpAnswer::Kind::report;
    return answer;
  }
  const bool notification = pdu.command == SNMP_MSG_TRAP2;
  const bool inform = pdu.command == SNMP_MSG_INFORM;
  if (!notification && !inform && (pdu.command != SNMP_MSG_RESPONSE || pdu.reqid != id)) return answer;
  const std::string_view engine_id(reinterpret_cast<const char*>(pdu.securityEngineID),
                                   pdu.securityEngineIDLen);
  const std::string_view user(pdu.securityName, pdu.securityNameLen);
  if (pdu.securityLevel < security_level(credential) || engine_id != engine.id || user != credential.user) {
    answer.kind = SnmpAnswer::Kind::unsafe;
    return answer;
  }
  answer.kind = notification ? SnmpAnswer::Kind::notification
                : inform     ? SnmpAnswer::Kind::inform
                             : SnmpAnswer::Kind::response;
  return answer;
}

}  // namespace

SnmpAnswer decode_snmp(std::string_view bytes, std::int32_t id, const Credential& credential,
                       UsmEngine& engine, std::chrono::steady_clock::time_point now) {
  if (credential.version != SnmpVersion::v3) return read_community_answer(bytes, id, credential.version);
  netsnmp_session session = session_for(credential, engine.id);
  const Pdu pdu(static_cast<netsnmp_pdu*>(std::calloc(1, sizeof(netsnmp_pdu))));
  if (!pdu) return {};
  std::string copy(bytes);  // the library may write into what it parses
  auto* data = reinterpret_cast<u_char*>(copy.data());
  const LibraryLists lists(engine, now);
  const int outcome = snmp_parse(nullptr, &session, pdu.get(), data, copy.size());
  SnmpAnswer answer = judge(outcome, *pdu, id, credential, engine);
  if (answer.authentic && answer.kind != SnmpAnswer::Kind::stale) {
    u_int boots = 0;
    u_int time = 0;
    if (get_enginetime(bytes_of(engine.id), static_cast<u_int>(engine.id.size()), &boots, &time, TRUE) ==
        SNMPERR_SUCCESS) {
      engine.boots = boots;
      engine.time_s = time;
      engine.as_of = now;
    }
  }
  return answer;
}

namespace {

/// A report of one counter (RFC 3414, 3.2). Not protected, unless `level` says so.
Result<std::string> encode_report(std::int32_t message_id, const Credential& credential, int level,
                                  UsmReport why, std::uint32_t count, const UsmEngine& own,
                                  std::chrono::steady_clock::time_point now) {
  const auto counter = static_cast<oid>(why) + 1;
  const std::array<oid, 11> name{1, 3, 6, 1, 6, 3, 15, 1, 1, counter, 0};
  netsnmp_session session = session_for(credential, own.id);
  session.isAuthoritative = SNMP_SESS_AUTHORITATIVE;
  session.securityLevel = level;
  const Pdu pdu(snmp_pdu_create(SNMP_MSG_REPORT));
  if (!pdu) return failure("", "out of memory");
  pdu->version = SNMP_VERSION_3;
  pdu->msgid = message_id;
  pdu->reqid = 0;
  pdu->errstat = 0;
  pdu->errindex = 0;
  pdu->flags &= ~UCD_MSG_FLAG_EXPECT_RESPONSE;
  pdu->securityName = strdup(credential.user.c_str());
  pdu->securityNameLen = credential.user.size();
  pdu->securityLevel = level;
  pdu->securityModel = SNMP_SEC_MODEL_USM;
  if (snmp_pdu_add_variable(pdu.get(), name.data(), name.size(), ASN_COUNTER, &count, sizeof count) ==
      nullptr)
    return failure("", "out of memory");
  const LibraryLists lists(own, now);
  return build(session, *pdu);
}

/// The same bindings as a response, protected as the inform was.
Result<std::string> encode_inform_response(netsnmp_pdu& pdu, const Credential& credential,
                                           const UsmEngine& own, std::chrono::steady_clock::time_point now) {
  netsnmp_session session = session_for(credential, own.id);
  session.isAuthoritative = SNMP_SESS_AUTHORITATIVE;
  session.securityLevel = pdu.securityLevel;
  pdu.command = SNMP_MSG_RESPONSE;
  pdu.flags &= ~UCD_MSG_FLAG_EXPECT_RESPONSE;
  pdu.errstat = 0;
  pdu.errindex = 0;
  const LibraryLists lists(own, now);
  return build(session, pdu);
}

bool is_in_window(const SnmpEnvelope& envelope, const UsmEngine& own,
                  std::chrono::steady_clock::time_point now) {
  const std::int64_t apart = static_cast<std::int64_t>(envelope.time_s) - own.time_now(now);
  return envelope.boots == own.boots && std::abs(apart) <= USM_TIME_WINDOW;
}

/// Which counter a refusal by the library belongs to.
UsmReport refusal_of(int outcome) {
  switch (outcome) {
    case SNMPERR_USM_UNKNOWNSECURITYNAME:
      return UsmReport::unknown_user;
    case SNMPERR_USM_UNSUPPORTEDSECURITYLEVEL:
      return UsmReport::unsupported_security_level;
    case SNMPERR_USM_DECRYPTIONERROR:
      return UsmReport::decryption_error;
    default:
      return UsmReport::wrong_digest;
  }
}

}  // namespace

Result<std::string> encode_engine_report(std::int32_t message_id, const UsmEngine& own, std::uint32_t count,
                                         std::chrono::steady_clock::time_point now) {
  Credential nobody;
  nobody.version = SnmpVersion::v3;
  return encode_report(message_id, nobody, SNMP_SEC_LEVEL_NOAUTH, UsmReport::unknown_engine, count, own, now);
}

SnmpInform take_inform(std::string_view bytes, const SnmpEnvelope& envelope, const Credential& credential,
                       const UsmEngine& own, std::chrono::steady_clock::time_point now) {
  SnmpInform taken;
  const Pdu pdu(static_cast<netsnmp_pdu*>(std::calloc(1, sizeof(netsnmp_pdu))));
  if (!pdu) return taken;
  netsnmp_session session = session_for(credential, own.id);
  std::string copy(bytes);  // the library may write into what it parses
  int outcome = 0;
  {
    const LibraryLists lists(own, now);
    outcome = snmp_parse(nullptr, &session, pdu.get(), reinterpret_cast<u_char*>(copy.data()), copy.size());
  }
  SnmpAnswer answer = judge(outcome, *pdu, 0, credential, own);
  const bool unauthentic = outcome == SNMPERR_USM_AUTHENTICATIONFAILURE ||
                           outcome == SNMPERR_USM_DECRYPTIONERROR ||
                           outcome == SNMPERR_USM_UNSUPPORTEDSECURITYLEVEL;
  taken.user_unknown = outcome == SNMPERR_USM_UNKNOWNSECURITYNAME;
  taken.kind = answer.kind;
  if (answer.authentic && !is_in_window(envelope, own, now)) taken.kind = SnmpAnswer::Kind::stale;
  if (taken.kind == SnmpAnswer::Kind::stale) {
    taken.answer = encode_report(envelope.id, credential, SNMP_SEC_LEVEL_AUTHNOPRIV,
                                 UsmReport::not_in_time_window, 1, own, now)
                       .value_or("");
  } else if (unauthentic || taken.user_unknown) {
    taken.kind = SnmpAnswer::Kind::unsafe;
    taken.answer =
        encode_report(envelope.id, credential, SNMP_SEC_LEVEL_NOAUTH, refusal_of(outcome), 1, own, now)
            .value_or("");
  } else if (taken.kind == SnmpAnswer::Kind::inform) {
    taken.response = std::move(answer.response);
    taken.answer = encode_inform_response(*pdu, credential, own, now).value_or("");
  } else if (taken.kind != SnmpAnswer::Kind::unsafe) {
    taken.kind = SnmpAnswer::Kind::undecodable;
  }
  return taken;
}

}  // namespace nethealth
