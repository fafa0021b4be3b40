// What tests/bench/log_speed runs: an ordinary day of log lines, one in 200 of which means something, from a
// file to classified lines through the product's own follower and matcher in one thread; beside it, in the
// same run, grep with the same literals (a peer that says less) and the limits: counting line ends, and one
// Hyperscan call a line.

#include <iconv.h>
#include <stdlib.h>
#include <sys/resource.h>

#ifdef NETHEALTH_HYPERSCAN
#include <hs/hs.h>
#endif

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "config/embedded.hpp"
#include "probes/log_follower.hpp"
#include "rules/log_matcher.hpp"
#include "rules/log_prepared.hpp"
#include "rules/nearby_lines.hpp"

namespace {

using namespace nethealth;
namespace fs = std::filesystem;

constexpr std::array ordinary = {
    "cs-1 systemd[1]: Started Session %u of User sato.",
    "cs-1 sshd[%u]: Received disconnect from 192.0.2.4 port %u:11: disconnected by user",
    "ap-2 named[812]: client @0x7f31 192.0.2.%u#%u (cs-1.example.lg.jp): query: cs-1.example.lg.jp IN A + "
    "(192.0.2.53)",
    "mail postfix/smtpd[%u]: connect from gw.example.lg.jp[192.0.2.25]",
    "mail postfix/qmgr[%u]: 4F1A2B3C: from=<juki@example.lg.jp>, size=%u, nrcpt=1 (queue active)",
    "cs-1 dhcpd[%u]: DHCPACK on 192.0.2.%u to 02:00:00:00:00:0a via eth0",
    "web 192.0.2.%u - - [24/Nov/2026:09:00:00 +0900] \"GET /juki/list?page=%u HTTP/1.1\" 200 5012 \"-\" "
    "\"Mozilla/5.0\"",
    "sw-2f %%SYS-6-LOGGINGHOST_STARTSTOP: Logging to host 192.0.2.%u port 514 started - CLI initiated (%u)",
    "cs-1 CRON[%u]: (root) CMD (test -x /usr/sbin/anacron || run-parts --report /etc/cron.hourly/%u)",
    "cs-1 kernel: [%u.%u] usb 1-1: new high-speed USB device number 4 using xhci_hcd",
    "db postgres[%u]: [%u-1] LOG:  checkpoint complete: wrote 12 buffers (0.1%%); 0 WAL file(s) added",
    "term-03 Service Control Manager: Windows Update サービスは実行状態に移行しました。(%u/%u)",
    "cs-1 juki-batch[%u]: 夜間バッチ処理を開始しました。件数=%u",
    "fw date=2026-11-24 time=09:00:00 devname=\"fw-1\" type=\"traffic\" subtype=\"forward\" level=\"notice\" "
    "srcip=192.0.2.%u srcport=%u srcintf=\"lan1\" dstip=198.51.100.7 dstport=443 action=\"accept\" "
    "policyid=3 "
    "service=\"HTTPS\" trandisp=\"snat\" duration=120 sentbyte=4210 rcvdbyte=18042 sentpkt=31 rcvdpkt=36",
    "web 192.0.2.%u - sato [24/Nov/2026:09:00:00 +0900] \"POST /juki/inquiry/search?ward=%u&page=2 "
    "HTTP/1.1\" 200 "
    "18211 \"https://juki.example.lg.jp/juki/inquiry\" \"Mozilla/5.0 (Windows NT 10.0; Win64; x64) "
    "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\"",
    "ad-1 Microsoft-Windows-Security-Auditing[%u]: 4634: アカウントがログオフしました。 サブジェクト: "
    "セキュリティ ID: "
    "S-1-5-21-1000 アカウント名: sato アカウント ドメイン: JUKI ログオン ID: 0x%u ログオン タイプ: 3 "
    "このイベントは、ログオン セッションが破棄された場合に生成されます。",
};
constexpr std::array telling = {
    "cs-1 kernel: [%u.0] blk_update_request: I/O error, dev sdb, sector %u op 0x0:(READ) flags 0x0",
    "sw-2f %%LINK-3-UPDOWN: Interface GigabitEthernet1/0/%u, changed state to down (%u)",
    "cs-1 sshd[%u]: Failed password for invalid user oracle from 192.0.2.66 port %u ssh2",
    "ups upsmon[%u]: UPS ups%u@localhost on battery",
    "term-03 Service Control Manager: Print Spooler サービスは予期せぬ原因により終了しました。(%u/%u)",
};

/// Before and after a telling line, as the daemon keeps them.
constexpr std::size_t context_lines = NearbyLimits{}.before;

std::string day_of_lines(std::size_t bytes) {
  std::mt19937 random(20261124);
  std::string text;
  text.reserve(bytes + 1024);
  std::array<char, 1024> line{};
  while (text.size() < bytes) {
    const bool tells = random() % 200 == 0;
    const char* form = tells ? telling[random() % telling.size()] : ordinary[random() % ordinary.size()];
    text += "Nov 24 09:" + std::to_string(random() % 50 + 10) + ":00 ";
    const int length =
        std::snprintf(line.data(), line.size(), form, unsigned(random() % 250), unsigned(random() % 60'000));
    text.append(line.data(), static_cast<std::size_t>(length));
    text += '\n';
  }
  return text;
}

std::string as_cp932(std::string text) {
  std::string out(text.size(), '\0');
  char* from = text.data();
  char* to = out.data();
  std::size_t from_left = text.size(), to_left = out.size();
  iconv_t converter = iconv_open("CP932", "UTF-8");
  const auto failed = iconv(converter, &from, &from_left, &to, &to_left);
  iconv_close(converter);
  if (failed != 0) throw std::runtime_error("iconv");
  out.resize(out.size() - to_left);
  return out;
}

double cpu_seconds(int who) {
  rusage usage{};
  getrusage(who, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Megabytes per second of processor time.
double speed(std::size_t bytes, const std::function<void()>& work, int who = RUSAGE_SELF) {
  const double before = cpu_seconds(who);
  work();
  return static_cast<double>(bytes) / 1e6 / std::max(1e-6, cpu_seconds(who) - before);
}

/// What the sieve looks for, each once.
std::vector<std::string> shipped_literals() {
  std::set<std::string> literals;
  const auto prepared = read_prepared(log_rules_prepared().at(0).text);
  if (!prepared) throw std::runtime_error("the log packs are not good");
  for (const LineNeed& need : prepared->needs)
    for (const auto& group : need.groups) literals.insert(group.begin(), group.end());
  return {literals.begin(), literals.end()};
}

#ifdef NETHEALTH_HYPERSCAN
/// Lines in which Hyperscan finds a literal, a call a line.
std::size_t scan_each_line(const std::string& text, const std::vector<std::string>& literals) {
  std::vector<const char*> texts;
  std::vector<std::size_t> lengths;
  std::vector<unsigned int> ids;
  for (const std::string& literal : literals) {
    ids.push_back(static_cast<unsigned int>(ids.size()));
    texts.push_back(literal.c_str());
    lengths.push_back(literal.size());
  }
  const std::vector<unsigned int> flags(literals.size(), HS_FLAG_SINGLEMATCH | HS_FLAG_CASELESS);
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  hs_scratch_t* scratch = nullptr;
  if (hs_compile_lit_multi(texts.data(), flags.data(), ids.data(), lengths.data(), unsigned(texts.size()),
                           HS_MODE_BLOCK, nullptr, &database, &error) != HS_SUCCESS ||
      hs_alloc_scratch(database, &scratch) != HS_SUCCESS)
    throw std::runtime_error("Hyperscan refuses the literals");
  std::size_t found = 0;
  const auto on_found = [](unsigned int, unsigned long long, unsigned long long, unsigned int, void* to) {
    ++*static_cast<std::size_t*>(to);
    return 0;
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    hs_scan(database, text.data() + at, unsigned(end - at), 0, scratch, on_found, &found);
    at = end + 1;
  }
  hs_free_scratch(scratch);
  hs_free_database(database);
  return found;
}
#endif

struct Counts {
  std::size_t lines = 0, hits = 0;
};

Counts follow(const std::string& path, const std::string& encoding, std::size_t bytes,
              const LogMatcher* matcher) {
  Counts counts;
  boost::asio::io_context io;
  LogFollowerOptions options;
  options.context_lines = context_lines;
  options.sieve = [&](std::string_view line) {
    ++counts.lines;
    return matcher != nullptr && matcher->may_match(line);
  };
  LogFollower follower(
      io, {{"cs-1", LogSource{path, "", encoding, {}}}}, {LogPosition{"cs-1", path, "", 0, 0, 0, ""}},
      [&](LogLines batch) {
        for (const LogSeen& line : batch.lines) {
          if (matcher != nullptr && !matcher->match(line.line, line.rules).empty()) ++counts.hits;
        }
        if (batch.after.offset >= bytes) io.stop();
        follower.acknowledge(batch.batch);
      },
      [](const LogProblem& problem) { std::cerr << problem.file << ": " << problem.what << '\n'; }, options);
  follower.start();
  io.run();
  return counts;
}

std::size_t count_line_ends(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> block(256 * 1024);
  std::size_t lines = 0;
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0) {
    const char* end = block.data() + file.gcount();
    for (const char* at = block.data();
         (at = static_cast<const char*>(std::memchr(at, '\n', std::size_t(end - at)))); ++at)
      ++lines;
  }
  return lines;
}

std::size_t sieve_each_line(const std::string& text, const LogMatcher& matcher) {
  std::size_t passed = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    passed += matcher.may_match(std::string_view(text).substr(at, end - at)) ? 1 : 0;
    at = end + 1;
  }
  return passed;
}

void measure(const fs::path& folder, std::size_t megabytes) {
  const std::string text = day_of_lines(megabytes * 1'000'000);
  const double started = cpu_seconds(RUSAGE_SELF);
  const LogMatcher matcher = LogMatcher::shipped();
  std::printf("rules ready after %.1f ms of processor time\n", (cpu_seconds(RUSAGE_SELF) - started) * 1e3);
  const std::vector<std::string> literals = shipped_literals();
  const std::string plain = (folder / "utf8.log").string(), cp932 = (folder / "cp932.log").string();
  const std::string old_text = as_cp932(text);
  std::ofstream(plain, std::ios::binary) << text;
  std::ofstream(cp932, std::ios::binary) << old_text;
  std::ofstream words(folder / "words");
  for (const std::string& literal : literals)
    if (literal.find_first_of("\n\r") == std::string::npos) words << literal << '\n';
  words.close();

  auto row = [limit = 0.0](const char* what, double value) mutable {
    if (limit == 0.0) limit = value;
    std::printf("%-52s %8.1f MB/s  %6.2f of ours\n", what, value, value / limit);
  };
  std::printf("%zu rules, %zu literals, %.0f MB, %.0f bytes a line\n", matcher.rules().size(),
              literals.size(), static_cast<double>(text.size()) / 1e6,
              static_cast<double>(text.size()) / static_cast<double>(std::ranges::count(text, '\n')));
  Counts counts;
  row("ours, UTF-8, file to classified line",
      speed(text.size(), [&] { counts = follow(plain, "utf-8", text.size(), &matcher); }));
  row("ours, encoding found by lines",
      speed(text.size(), [&] { follow(plain, "auto", text.size(), &matcher); }));
  row("ours, CP932", speed(old_text.size(), [&] { follow(cp932, "cp932", old_text.size(), &matcher); }));
  row("  of it the follower alone, UTF-8",
      speed(text.size(), [&] { follow(plain, "utf-8", text.size(), nullptr); }));
  row("  of it the follower alone, CP932",
      speed(old_text.size(), [&] { follow(cp932, "cp932", old_text.size(), nullptr); }));
  row("peer: grep -c -i -F -f the same literals",
      speed(
          text.size(),
          [&] {
            const std::string command = "LC_ALL=C grep -c -i -F -f " + (folder / "words").string() + " " +
                                        plain + " >" + (folder / "count").string();
            if (std::system(command.c_str()) < 0) throw std::runtime_error("grep");
          },
          RUSAGE_CHILDREN));
  row("limit: counting line ends", speed(text.size(), [&] { count_line_ends(plain); }));
  row("of ours the sieve alone, a line, in memory",
      speed(text.size(), [&] { sieve_each_line(text, matcher); }));
#ifdef NETHEALTH_HYPERSCAN
  row("peer: one Hyperscan call a line, same literals, in memory",
      speed(text.size(), [&] { scan_each_line(text, literals); }));
#endif
  std::printf("TOTAL lines=%zu hits=%zu\n", counts.lines, counts.hits);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t megabytes = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100;
  std::string folder = (fs::temp_directory_path() / "log-speed-XXXXXX").string();
  if (megabytes == 0 || mkdtemp(folder.data()) == nullptr) {
    std::cerr << "usage: log_speed [MEGABYTES]\n";
    return 2;
  }
  int result = 0;
  try {
    measure(folder, megabytes);
  } catch (const std::exception& error) {
    std::cerr << "log_speed: " << error.what() << '\n';
    result = 1;
  }
  fs::remove_all(folder);
  return result;
}
