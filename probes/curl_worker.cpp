#include "probes/curl_worker.hpp"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <ctime>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

namespace nethealth {
namespace {

using Clock = std::chrono::steady_clock;
using Guard = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;

constexpr int poll_longest_ms = 1'000;

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;
using List = std::unique_ptr<curl_slist, ListDeleter>;

Outcome outcome_of_errno(long error) {
  switch (error) {
    case ECONNREFUSED:
      return Outcome::refused;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
      return Outcome::unreachable;
    case ETIMEDOUT:
      return Outcome::timeout;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EACCES:
    case EPERM:
    case EADDRNOTAVAIL:
      return Outcome::blind;
    default:
      return Outcome::error;
  }
}

Outcome outcome_of(CURLcode code, long system_error) {
  switch (code) {
    case CURLE_OK:
      return Outcome::ok;
    case CURLE_COULDNT_CONNECT:
      return outcome_of_errno(system_error);
    case CURLE_OPERATION_TIMEDOUT:
      return Outcome::timeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_USE_SSL_FAILED:
      return Outcome::tls_error;
    case CURLE_LOGIN_DENIED:
      return Outcome::auth_error;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
    case CURLE_SSL_CACERT_BADFILE:
      return Outcome::blind;
    default:
      return Outcome::error;
  }
}

/// Writing to a closed TLS connection would raise SIGPIPE, and the daemon's signals are its main thread's.
void leave_signals_to_others() {
  sigset_t signals;
  sigfillset(&signals);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) sigdelset(&signals, fault);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void start_curl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

struct Job {
  Job(CurlJob wanted, CurlWorker::Callback answer, Guard keep_running)
      : order(std::move(wanted)), callback(std::move(answer)), guard(std::move(keep_running)) {}

  CurlJob order;
  CurlWorker::Callback callback;
  Guard guard;
  Clock::time_point begun = Clock::now();
  List list;                 ///< headers, or recipients
  std::vector<int> sockets;  ///< open now
  int socket_error = 0;      ///< why one could not be opened
  std::array<char, CURL_ERROR_SIZE> error{};
  std::string body;
  bool body_cut = false;
  std::string message;         ///< of a mail, with CRLF
  std::size_t read = 0;        ///< of the message, by curl
  bool message_ended = false;  ///< curl has all of the message, so the final dot may be on its way
  std::string said;            ///< the SMTP server's last line before we took our leave
  bool leaving = false;        ///< QUIT is sent; what the server says to that is no verdict on the message
  bool in_clear = false;       ///< the second attempt of a mail whose offered encryption failed
  Easy easy;                   ///< refers to all of the above

  [[nodiscard]] const CurlMail* mail() const { return std::get_if<CurlMail>(&order.what); }
  [[nodiscard]] Milliseconds elapsed() const {
    return std::chrono::duration_cast<Milliseconds>(Clock::now() - begun);
  }
};

template <class Value>
void set(Job& job, CURLoption option, Value value) {
  curl_easy_setopt(job.easy.get(), option, value);
}

/// The HTTP status, or the reply code (RFC 5321, 4.2) before our leave; 0 when there was none.
int response_code(const Job& job) {
  int code = 0;
  if (std::holds_alternative<CurlMailbox>(job.order.what)) return code;
  if (job.mail() != nullptr) {
    std::from_chars(job.said.data(), job.said.data() + std::min<std::size_t>(3, job.said.size()), code);
    return code;
  }
  long status = 0;
  curl_easy_getinfo(job.easy.get(), CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

std::size_t take_body(char* data, std::size_t, std::size_t size, void* target) {
  auto& job = *static_cast<Job*>(target);
  const std::size_t room = job.order.max_response_bytes - job.body.size();
  job.body.append(data, std::min(room, size));
  job.body_cut = size > room;
  return job.body_cut ? 0 : size;
}

std::size_t take_reply_line(char* data, std::size_t, std::size_t size, void* target) {
  auto& job = *static_cast<Job*>(target);
  if (!job.leaving) job.said = printable_line({data, size});
  return size;
}

std::size_t give_message(char* data, std::size_t unit, std::size_t count, void* source) {
  auto& job = *static_cast<Job*>(source);
  const std::size_t size = std::min(unit * count, job.message.size() - job.read);
  std::copy_n(job.message.data() + job.read, size, data);
  job.read += size;
  if (job.read == job.message.size()) job.message_ended = true;
  return size;
}

curl_socket_t open_socket(void* owner, curlsocktype, curl_sockaddr* address) {
  auto& job = *static_cast<Job*>(owner);
  const int descriptor = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (descriptor < 0) {
    job.socket_error = errno;
    return CURL_SOCKET_BAD;
  }
  job.sockets.push_back(descriptor);
  return descriptor;
}

int close_socket(void* owner, curl_socket_t descriptor) {
  std::erase(static_cast<Job*>(owner)->sockets, descriptor);
  return ::close(descriptor);
}

/// Curl waits for the answer to QUIT (IMAP: LOGOUT) and stops every other job meanwhile. A socket that reads
/// no more ends that wait at once, while the QUIT itself still leaves.
int watch_quit(CURL*, curl_infotype kind, char* data, std::size_t size, void* owner) {
  auto& job = *static_cast<Job*>(owner);
  const std::string_view line(data, size);
  const bool leaves = line.starts_with("QUIT") || (job.mail() == nullptr && line.ends_with(" LOGOUT\r\n"));
  if (kind == CURLINFO_HEADER_OUT && leaves) {
    job.leaving = true;
    for (const int descriptor : job.sockets) ::shutdown(descriptor, SHUT_RD);
  }
  return 0;
}

void append(List& list, const std::string& text) {
  if (curl_slist* longer = curl_slist_append(list.get(), text.c_str())) {
    (void)list.release();
    list.reset(longer);
  }
}

void prepare_common(Job& job) {
  const auto left = std::max<Milliseconds::rep>(1, (job.order.timeout - job.elapsed()).count());
  set(job, CURLOPT_TIMEOUT_MS, static_cast<long>(left));
  set(job, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(left));
  set(job, CURLOPT_NOSIGNAL, 1L);
  set(job, CURLOPT_QUICK_EXIT,
      1L);  // a name look-up that hangs must not hold up the thread when its job ends
  set(job, CURLOPT_PROXY, "");
  set(job, CURLOPT_FRESH_CONNECT, 1L);
  set(job, CURLOPT_FORBID_REUSE, 1L);
  set(job, CURLOPT_FOLLOWLOCATION, 0L);
  set(job, CURLOPT_ERRORBUFFER, job.error.data());
  set(job, CURLOPT_PRIVATE, &job);
  set(job, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  set(job, CURLOPT_OPENSOCKETDATA, &job);
  set(job, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
  set(job, CURLOPT_CLOSESOCKETDATA, &job);
}

void prepare(Job& job, const CurlHttp& http) {
  set(job, CURLOPT_PROTOCOLS_STR, "http,https");
  set(job, CURLOPT_URL, http.url.c_str());
  set(job, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(job, CURLOPT_USERAGENT, "nethealth");
  set(job, CURLOPT_CERTINFO, 1L);
  set(job, CURLOPT_SSL_VERIFYPEER, http.verify ? 1L : 0L);
  set(job, CURLOPT_SSL_VERIFYHOST, http.verify ? 2L : 0L);
  if (http.method == "HEAD") {
    set(job, CURLOPT_NOBODY, 1L);
  } else if (http.method != "GET") {
    set(job, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(http.body.size()));
    set(job, CURLOPT_POSTFIELDS, http.body.c_str());
    set(job, CURLOPT_CUSTOMREQUEST, http.method.c_str());
  }
  for (const auto& header : http.headers) append(job.list, header);
  append(job.list, "Expect:");
  set(job, CURLOPT_HTTPHEADER, job.list.get());
  set(job, CURLOPT_WRITEFUNCTION, take_body);
  set(job, CURLOPT_WRITEDATA, &job);
}

void prepare(Job& job, const CurlMail& mail) {
  job.message = with_crlf(mail.message);
  job.read = 0;
  job.message_ended = false;
  job.leaving = false;
  job.said.clear();
  const bool sealed = mail.encryption_required || mail.server.starts_with("smtps://");
  set(job, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(job, CURLOPT_URL, mail.server.c_str());
  set(job, CURLOPT_USE_SSL,
      static_cast<long>(sealed         ? CURLUSESSL_ALL
                        : job.in_clear ? CURLUSESSL_NONE
                                       : CURLUSESSL_TRY));
  set(job, CURLOPT_SSL_VERIFYPEER, sealed ? 1L : 0L);
  set(job, CURLOPT_SSL_VERIFYHOST, sealed ? 2L : 0L);
  if (!mail.user.empty() && sealed) {
    set(job, CURLOPT_USERNAME, mail.user.c_str());
    set(job, CURLOPT_PASSWORD, mail.password.c_str());
  }
  set(job, CURLOPT_MAIL_FROM, ("<" + mail.from + ">").c_str());
  job.list.reset();
  for (const auto& to : mail.to) append(job.list, "<" + to + ">");
  set(job, CURLOPT_MAIL_RCPT, job.list.get());
  set(job, CURLOPT_UPLOAD, 1L);
  set(job, CURLOPT_READFUNCTION, give_message);
  set(job, CURLOPT_READDATA, &job);
  set(job, CURLOPT_HEADERFUNCTION, take_reply_line);
  set(job, CURLOPT_HEADERDATA, &job);
  set(job, CURLOPT_VERBOSE, 1L);
  set(job, CURLOPT_DEBUGFUNCTION, watch_quit);
  set(job, CURLOPT_DEBUGDATA, &job);
}

void prepare(Job& job, const CurlMailbox& mailbox) {
  set(job, CURLOPT_PROTOCOLS_STR, "imap,imaps,pop3,pop3s");
  set(job, CURLOPT_URL, mailbox.url.c_str());
  set(job, CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
  set(job, CURLOPT_SSL_VERIFYPEER, 1L);
  set(job, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!mailbox.certificate_authority.empty()) set(job, CURLOPT_CAINFO, mailbox.certificate_authority.c_str());
  set(job, CURLOPT_USERNAME, mailbox.user.c_str());
  set(job, CURLOPT_PASSWORD, mailbox.password.c_str());
  if (!mailbox.command.empty()) set(job, CURLOPT_CUSTOMREQUEST, mailbox.command.c_str());
  if (!mailbox.command.empty() && !mailbox.has_lines) set(job, CURLOPT_NOBODY, 1L);
  set(job, CURLOPT_WRITEFUNCTION, take_body);
  set(job, CURLOPT_WRITEDATA, &job);
  set(job, CURLOPT_VERBOSE, 1L);
  set(job, CURLOPT_DEBUGFUNCTION, watch_quit);
  set(job, CURLOPT_DEBUGDATA, &job);
}

void prepare(Job& job) {
  job.easy.reset(curl_easy_init());
  if (!job.easy) return;
  prepare_common(job);
  std::visit([&job](const auto& what) { prepare(job, what); }, job.order.what);
}

/// Whether the whole request had left when the answer failed to come.
bool all_sent(const Job& job, const CurlHttp& http) {
  long request = 0;
  curl_off_t uploaded = 0;
  curl_easy_getinfo(job.easy.get(), CURLINFO_REQUEST_SIZE, &request);
  curl_easy_getinfo(job.easy.get(), CURLINFO_SIZE_UPLOAD_T, &uploaded);
  const bool with_body = http.method != "GET" && http.method != "HEAD";
  return request > 0 && (!with_body || uploaded >= static_cast<curl_off_t>(http.body.size()));
}

/// 354 asks for the message; any other last code is the server's verdict on it.
bool mail_unknown(const Job& job, int code) {
  return job.message_ended && code == 354;
}

std::string explain(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return "answered";
    case Outcome::refused:
      return "the connection was refused";
    case Outcome::timeout:
      return "no complete answer in time";
    case Outcome::unreachable:
      return "the network has no way there";
    case Outcome::tls_error:
      return "no encrypted connection could be made";
    case Outcome::auth_error:
      return "the server refused the log-in";
    case Outcome::blind:
      return "this host could not ask";
    case Outcome::error:
      break;
  }
  return "the exchange broke off";
}

std::string reason_of(const Job& job, CURLcode result, const CurlReply& reply) {
  if (job.mail() != nullptr) {
    if (reply.outcome == Outcome::ok) return "the mail server accepted the message: " + job.said;
    if (reply.code >= 400) return "the mail server refused: " + job.said;
  } else if (reply.outcome == Outcome::ok && std::holds_alternative<CurlMailbox>(job.order.what)) {
    return "the mailbox answered";
  } else if (reply.outcome == Outcome::ok) {
    return "HTTP status " + std::to_string(reply.code);
  }
  const std::string detail = job.error.front() != '\0' ? job.error.data() : curl_easy_strerror(result);
  std::string text = explain(reply.outcome) + " (" + printable_line(detail) + ")";
  if (reply.answer_unknown) text += "; it may have arrived all the same";
  return text;
}

/// Of the server's own certificate, the first of its chain.
std::optional<std::chrono::seconds> certificate_left(Job& job) {
  constexpr std::string_view key = "Expire date:";
  curl_certinfo* chain = nullptr;
  if (curl_easy_getinfo(job.easy.get(), CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == nullptr ||
      chain->num_of_certs < 1)
    return std::nullopt;
  for (const curl_slist* field = chain->certinfo[0]; field != nullptr; field = field->next) {
    if (!std::string_view(field->data).starts_with(key)) continue;
    const time_t until = curl_getdate(field->data + key.size(), nullptr);
    if (until == -1) return std::nullopt;
    return std::chrono::seconds(until - std::time(nullptr));
  }
  return std::nullopt;
}

CurlReply read_reply(Job& job, CURLcode result) {
  long system_error = 0;
  curl_easy_getinfo(job.easy.get(), CURLINFO_OS_ERRNO, &system_error);
  if (job.socket_error != 0) system_error = job.socket_error;
  CurlReply reply;
  reply.code = response_code(job);
  reply.outcome = outcome_of(result, system_error);
  if (const auto* http = std::get_if<CurlHttp>(&job.order.what)) {
    if (job.body_cut) reply.outcome = Outcome::ok;
    reply.answer_unknown = reply.outcome != Outcome::ok && reply.code < 200 && all_sent(job, *http);
    reply.certificate_left = certificate_left(job);
  } else if (std::holds_alternative<CurlMailbox>(job.order.what)) {
    if (job.body_cut) reply.outcome = Outcome::ok;
  } else {
    // A refusal in time is an error whatever curl calls it; 5xx to the log-in excepted.
    if (reply.outcome != Outcome::ok && reply.outcome != Outcome::auth_error && reply.code >= 400) {
      reply.outcome = Outcome::error;
    }
    reply.answer_unknown = reply.outcome != Outcome::ok && mail_unknown(job, reply.code);
  }
  reply.duration = job.elapsed();
  reply.reason = reason_of(job, result, reply);
  reply.body = std::move(job.body);
  return reply;
}

CurlReply not_done(Outcome outcome, std::string reason) {
  CurlReply reply;
  reply.outcome = outcome;
  reply.reason = std::move(reason);
  return reply;
}

}  // namespace

/// Jobs cross to the thread under one lock and come back by post; everything else belongs to the thread.
class CurlWorker::Core {
 public:
  explicit Core(boost::asio::io_context& io) : io_(io), multi_((start_curl(), curl_multi_init())) {
    thread_ = std::thread([this] { run(); });
  }

  ~Core() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    curl_multi_wakeup(multi_);
    thread_.join();
    curl_multi_cleanup(multi_);
  }

  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  void perform(CurlJob order, Callback callback) {
    const std::string fault = fault_of(order);
    if (!fault.empty()) return post(std::move(callback), not_done(Outcome::error, fault));
    if (under_way_.fetch_add(1) >= max_jobs) {
      --under_way_;
      return post(std::move(callback), not_done(Outcome::blind, "too many requests are under way"));
    }
    auto job =
        std::make_unique<Job>(std::move(order), std::move(callback), boost::asio::make_work_guard(io_));
    {
      const std::lock_guard lock(mutex_);
      arrived_.push_back(std::move(job));
    }
    curl_multi_wakeup(multi_);
  }

 private:
  void post(Callback callback, CurlReply reply) {
    boost::asio::post(io_, [callback = std::move(callback), reply = std::move(reply)]() mutable {
      callback(std::move(reply));
    });
  }

  void run() {
    leave_signals_to_others();
    while (take_arrivals()) {
      int running = 0;
      curl_multi_perform(multi_, &running);
      take_finished();
      curl_multi_poll(multi_, nullptr, 0, poll_longest_ms, nullptr);
    }
    while (!jobs_.empty()) end(jobs_.begin()->second.get(), stopped(*jobs_.begin()->second));
  }

  /// False when the worker stops.
  bool take_arrivals() {
    std::vector<std::unique_ptr<Job>> arrived;
    bool go_on = true;
    {
      const std::lock_guard lock(mutex_);
      arrived.swap(arrived_);
      go_on = !stopping_;
    }
    for (auto& job : arrived) begin(std::move(job));
    return go_on;
  }

  void begin(std::unique_ptr<Job> owned) {
    Job* job = owned.get();
    jobs_.emplace(job, std::move(owned));
    launch(job);
  }

  void launch(Job* job) {
    prepare(*job);
    if (!job->easy || curl_multi_add_handle(multi_, job->easy.get()) != CURLM_OK) {
      job->easy.reset();
      end(job, not_done(Outcome::blind, "this host has no memory for another request"));
    }
  }

  void take_finished() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode result = message->data.result;
      Job* job = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &job);
      finish(job, result);
    }
  }

  void finish(Job* job, CURLcode result) {
    CurlReply reply = read_reply(*job, result);
    const auto* mail = job->mail();
    const bool may_be_clear = mail != nullptr && mail->server.starts_with("smtp://") &&
                              !mail->encryption_required && !job->in_clear;
    if (reply.outcome == Outcome::tls_error && may_be_clear && job->elapsed() < job->order.timeout) {
      // A page in clear is better than none, and smtp:// promised no more than that.
      curl_multi_remove_handle(multi_, job->easy.get());
      job->in_clear = true;
      return launch(job);
    }
    end(job, std::move(reply));
  }

  static CurlReply stopped(Job& job) {
    CurlReply reply = not_done(Outcome::blind, "stopping");
    if (!job.easy) return reply;
    reply.code = response_code(job);
    const auto* http = std::get_if<CurlHttp>(&job.order.what);
    reply.answer_unknown =
        http != nullptr ? reply.code < 200 && all_sent(job, *http) : mail_unknown(job, reply.code);
    reply.duration = job.elapsed();
    return reply;
  }

  void end(Job* job, CurlReply reply) {
    const auto found = jobs_.find(job);
    if (job->easy) curl_multi_remove_handle(multi_, job->easy.get());
    --under_way_;
    post(std::move(job->callback), std::move(reply));
    jobs_.erase(found);
  }

  boost::asio::io_context& io_;
  CURLM* multi_;
  std::atomic<std::size_t> under_way_ = 0;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Job>> arrived_;  ///< under mutex_
  bool stopping_ = false;                      ///< under mutex_
  std::map<Job*, std::unique_ptr<Job>> jobs_;
  std::thread thread_;
};

CurlWorker::CurlWorker(boost::asio::io_context& io) : core_(std::make_unique<Core>(io)) {}
CurlWorker::~CurlWorker() = default;

void CurlWorker::perform(CurlJob job, Callback callback) {
  core_->perform(std::move(job), std::move(callback));
}

}  // namespace nethealth
